// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sentences of the letters, in Danish and in English.

crate::words::texts! {
    // Around every letter.
    GREETING: "Hej", "Hello,";
    CLOSING: "Venlig hilsen", "Kind regards,";
    SENDER: "Kundeservice", "Customer service";
    FOLLOW: "Her kan du altid se din sag, svare og sende filer: {address}", "Here you can always see your case, answer, and send files: {address}";
    SUBJECT: "Sag {number}: {what}", "Case {number}: {what}";
    AND: "og", "and";
    HEAR_BY: "Du hører fra os igen senest den {day}.", "You will hear from us again by {day}.";
    HEAR_SOON: "Du hører fra os igen, så snart vi ved mere.", "You will hear from us again as soon as we know more.";
    HEAD_FOUND: "Det har vi fundet", "What we found";
    HEAD_NOW: "Det sker nu", "What happens now";

    // The request has come in.
    SUBJECT_RECEIVED: "vi har fået din besked om ordre {order}", "we have your message about order {order}";
    RECEIVED: "Tak for din besked. Vi er gået i gang med at undersøge, hvad der er sket med ordre {order}.", "Thank you for writing to us. We have begun to look into what happened with order {order}.";
    THANKS: "Tak for din besked om ordre {order}.", "Thank you for writing to us about order {order}.";
    UNDERSTOOD: "Vi har forstået det sådan, at {claim}, og at du helst vil have {wants}. Har vi misforstået noget, så svar bare på denne besked.", "We understand that {claim}, and that what you would like best is {wants}. If we got that wrong, just reply to this message.";
    UNDERSTOOD_WISH: "Vi har forstået det sådan, at {claim}. Har vi misforstået noget, så svar bare på denne besked.", "We understand that {claim}. If we got that wrong, just reply to this message.";
    CLAIM_NOT_STARTED: "leveringen ikke er begyndt", "the delivery has not begun";
    CLAIM_NOT_RECEIVED: "der ikke er kommet noget frem", "nothing has arrived";
    CLAIM_INCOMPLETE: "der mangler noget", "something is missing";
    CLAIM_CHANGED_MIND: "du har fortrudt", "you have changed your mind";
    CLAIM_NO_BENEFIT: "du ikke har haft gavn af leveringen", "the delivery has been of no benefit to you";
    CLAIM_QUALITY: "du ikke er tilfreds med kvaliteten", "you are not happy with the quality";
    CLAIM_SLOW: "det går for langsomt", "the delivery is too slow";
    CLAIM_DROPPED: "antallet er faldet", "the number has dropped";
    CLAIM_WRONG_TARGET: "leveringen kommer fra et forkert land", "the delivery comes from the wrong country";
    CLAIM_STOP: "du vil have ordren standset", "you would like the order stopped";
    CLAIM_AUTO: "den automatiske ydelse ikke virker", "the automatic service does not work";
    CLAIM_ACCOUNT: "en konto ikke virker", "an account does not work";
    CLAIM_RENEWAL: "der er trukket en fornyelse, som du ikke ville have", "a renewal was charged that you did not want";
    WANTS_REFUND: "pengene tilbage", "your money back";
    WANTS_REDELIVERY: "en ny levering", "a new delivery";
    WANTS_DELIVERY: "leveringen", "the delivery";
    WANTS_ACCOUNT: "en ny konto", "a new account";
    WANTS_EXCHANGE: "en ombytning", "an exchange";
    WE_LOOK: "Vi gennemgår leveringsloggen, aktiviteten på det, vi leverer til, og vores egne optegnelser.", "We go through the delivery log, the activity where we deliver, and our own records.";
    WE_ASK_ONCE: "Mangler vi noget fra dig, spørger vi om det hele på én gang.", "If we need anything from you, we ask for all of it at once.";
    WE_ANSWER: "Du får et samlet svar på skrift.", "You get a complete answer in writing.";
    ANSWER_APART: "Vi har allerede undersøgt sagen, og du får vores afgørelse i en besked for sig.", "We have already looked into the case, and you get our decision in a separate message.";
    QUESTION_APART: "Vi er gået i gang, og vi mangler noget fra dig for at komme videre. Det spørger vi om i en besked for sig.", "We have begun to look into it, and we need something from you to go on. We ask for it in a separate message.";
    UPDATE_APART: "Vi har allerede set på sagen. Hvad vi har fundet, og hvad der sker nu, får du i en besked for sig.", "We have already looked at the case. What we found, and what happens now, you get in a separate message.";
    ORDER_AWAITED: "Vi kan ikke finde ordre {order} endnu, men vi leder efter den. Se gerne efter, om nummeret er rigtigt; det står i din ordrebekræftelse. Er det forkert, så svar på denne besked med det rigtige nummer.", "We cannot find order {order} yet, but we are looking for it. Please check that the number is right; you find it in your order confirmation. If it is wrong, reply to this message with the right one.";

    // We need something.
    SUBJECT_QUESTION: "vi mangler noget fra dig", "we need something from you";
    QUESTION_ONE: "Vi har set på ordre {order}. For at kunne afgøre sagen mangler vi ét svar fra dig.", "We have looked at order {order}. To decide the case we need one answer from you.";
    QUESTION_MANY: "Vi har set på ordre {order}. For at kunne afgøre sagen mangler vi {count} svar fra dig.", "We have looked at order {order}. To decide the case we need {count} answers from you.";
    QUESTION_LEFT_ONE: "Tak for det, du har sendt om ordre {order}. Nu mangler vi kun ét svar fra dig for at kunne afgøre sagen.", "Thank you for what you sent about order {order}. Now we need only one more answer from you to decide the case.";
    QUESTION_LEFT_MANY: "Tak for det, du har sendt om ordre {order}. Nu mangler vi kun {count} svar fra dig for at kunne afgøre sagen.", "Thank you for what you sent about order {order}. Now we need only {count} more answers from you to decide the case.";
    QUESTION_OPEN: "Fortæl os mere om, hvad der er sket, og send gerne skærmbilleder, der viser det.", "Please tell us more about what happened, and send screenshots that show it if you have any.";
    PROOF_REJECTED: "Det, du sendte, kunne vi desværre ikke bruge: {reason}", "We are sorry that we could not use what you sent: {reason}";
    PROOF_ACCEPTED: "Tak for det, du har sendt. Vi har set på det, og vi kan bruge det.", "Thank you for what you sent. We have looked at it, and we can use it.";
    HOW_TO_ANSWER: "Svar på denne besked senest den {day}, og vedhæft billeder eller filer, der viser det. Send ikke adgangskoder eller kortnumre; dem har vi ikke brug for.", "Please reply to this message by {day}, and attach pictures or files that show it. Do not send passwords or card numbers; we do not need them.";
    IF_SILENT: "Hører vi ikke fra dig inden da, må vi gå videre med det, vi ved, eller lukke sagen. Du kan altid skrive til os igen.", "If we do not hear from you by then, we have to go on with what we know, or close the case. You can always write to us again.";
    OTHERS_LOOK: "Resten finder vi selv ud af; det behøver du ikke gøre noget ved.", "We are finding out the rest ourselves; you need do nothing about that.";
    SUBJECT_REMINDER: "vi mangler stadig noget fra dig", "we still need something from you";
    REMINDER: "Vi vil gerne videre med ordre {order}, men vi mangler stadig det, vi spurgte dig om den {day}:", "We would like to go on with order {order}, but we still need what we asked you for on {day}:";
    UNCLEAR: "Er noget uklart, eller kan du ikke skaffe det, så skriv det bare, så finder vi ud af det sammen.", "If anything is unclear, or you cannot get hold of it, just tell us and we will work it out together.";

    // What we found, and what happens next.
    SUBJECT_UPDATE: "det har vi fundet ud af om ordre {order}", "what we have found out about order {order}";
    UPDATE: "Vi har gennemgået ordre {order}. Her er, hvad vi har fundet, og hvad der sker nu.", "We have gone through order {order}. Here is what we found, and what happens now.";
    UPDATE_AGAIN: "Vi har gennemgået ordre {order} igen. Her er, hvad vi har fundet, og hvad der sker nu.", "We have gone through order {order} again. Here is what we found, and what happens now.";
    UPDATE_BARE: "Vi har gennemgået ordre {order}. Her er, hvad der sker nu.", "We have gone through order {order}. Here is what happens now.";
    DOING_COUNTS: "Vi er ved at finde tallene for leveringen frem.", "We are getting the figures of the delivery.";
    DOING_PACE: "Vi undersøger, om leveringen holder den hastighed, vi har lovet.", "We are checking whether the delivery keeps the speed we promised.";
    DOING_STOP: "Vi prøver at standse ordren.", "We are trying to stop the order.";
    DOING_PERIOD: "Vi undersøger, om den periode, du har betalt for, er leveret fuldt ud.", "We are checking whether the period you paid for was delivered in full.";
    DOING_OPTIONS: "Vi undersøger, hvad vi kan gøre ved leveringen.", "We are finding out what we can do about the delivery.";
    DOING_PROOF: "Vi ser på det, du har sendt os.", "We are looking at what you sent us.";
    DOING_LOG: "En medarbejder går leveringsloggen efter.", "A member of our staff is going over the delivery log.";
    DOING_RECORDS: "En medarbejder går vores optegnelser efter.", "A member of our staff is going over our records.";
    DOING_DECIDE: "En medarbejder læser sagen igennem og afgør den.", "A member of our staff reads the case and decides it.";
    NOTHING_TO_DO: "Du behøver ikke gøre noget imens.", "You need do nothing meanwhile.";

    // What the review of the records found.
    FOUND_START_OVERDUE: "Leveringen er ikke begyndt. Den skulle være begyndt senest den {due}.", "The delivery has not begun. It was due to begin by {due}.";
    FOUND_START_NOT_DUE: "Leveringen er ikke begyndt endnu. Den skal begynde senest den {due}.", "The delivery has not begun yet. It is due to begin by {due}.";
    FOUND_START_LATE: "Leveringen begyndte den {at}, efter fristen den {due}.", "The delivery began on {at}, after it was due by {due}.";
    FOUND_START_IN_TIME: "Leveringen begyndte i tide, den {at}.", "The delivery began in time, on {at}.";
    FOUND_DELIVERED_NONE: "Der er ikke leveret noget.", "Nothing has been delivered.";
    FOUND_DELIVERED_ALL: "Alle de {ordered}, du bestilte, er leveret.", "All of the {ordered} you ordered have been delivered.";
    FOUND_DELIVERED_ONE: "Det, du bestilte, er leveret.", "What you ordered has been delivered.";
    FOUND_DELIVERED_PART: "Af de {ordered}, du bestilte, er {delivered} leveret.", "Of the {ordered} you ordered, {delivered} have been delivered.";
    FOUND_DELIVERED_PART_ONE: "Af de {ordered}, du bestilte, er 1 leveret.", "Of the {ordered} you ordered, 1 has been delivered.";
    FOUND_DROPPED: "Siden er {dropped} af dem faldet fra igen.", "{dropped} of them have dropped since.";
    FOUND_DROPPED_ONE: "Siden er 1 af dem faldet fra igen.", "1 of them has dropped since.";
    FOUND_COUNTS_UNKNOWN: "Leveringsloggen viser ikke, hvor meget der er leveret.", "The delivery log does not show how much has been delivered.";
    FOUND_BEHIND: "Leveringen er bagud i forhold til den hastighed, vi har lovet.", "The delivery is behind the speed we promised.";
    FOUND_BELOW_START: "Tælleren står nu lavere, end da vi begyndte.", "The counter now stands lower than when we began.";
    FOUND_GAP: "Fra den {at} og {days} dage frem står der intet i leveringsloggen.", "From {at} on, the delivery log shows nothing for {days} days.";
    FOUND_GUARANTEE_RUNS: "Faldgarantien løber til den {at}.", "The drop guarantee runs until {at}.";
    FOUND_GUARANTEE_RAN: "Faldgarantien løb til den {at}.", "The drop guarantee ran until {at}.";
    FOUND_NOTHING_PAID: "Vi kan ikke finde en betaling for ordren.", "We cannot find a payment for the order.";
    FOUND_REFUNDED: "{amount} er allerede givet tilbage.", "{amount} has already been given back.";
    FOUND_DISPUTE_OPEN: "Der er en indsigelse i gang hos din bank.", "A dispute is open with your bank.";
    FOUND_DISPUTE_LOST: "Din bank har givet dig ret i en indsigelse.", "Your bank has settled a dispute in your favour.";
    FOUND_LOGIN_SEEN: "Loggen viser et login på kontoen.", "The log shows a login to the account.";

    // Looked at again; closed.
    SUBJECT_REOPENED: "vi ser på sagen igen", "we are looking at the case again";
    REOPENED: "Du er ikke enig i vores afgørelse om ordre {order}, så nu ser vi på sagen igen.", "You do not agree with our decision on order {order}, so we are looking at the case again.";
    REOPENED_HOW: "Denne gang er det en medarbejder, der afgør den. Har du noget, vi ikke har set, så send det som svar på denne besked. Det, vi allerede har gjort, bliver stående, mens vi ser på den.", "This time a member of our staff decides it. If you have anything that we have not seen, send it in reply to this message. What we have already done stands while we look.";
    SUBJECT_CLOSED: "sagen er lukket", "the case is closed";
    CLOSED_UNANSWERED: "Vi har lukket sagen om ordre {order}, fordi vi ikke har hørt fra dig. Uden de svar, vi bad om, kan vi ikke afgøre den.", "We have closed the case about order {order}, because we have not heard from you. Without the answers we asked for we cannot decide it.";
    CLOSED_AGAIN: "Du er altid velkommen til at skrive igen. Send det, vi spurgte om, med det samme, så tager vi det derfra.", "You are always welcome to write again. Send what we asked for right away, and we take it from there.";
    CLOSED_NO_ORDER: "Vi kan ikke finde en ordre med nummeret {order}, så vi har lukket sagen.", "We cannot find an order with the number {order}, so we have closed the case.";
    CLOSED_NUMBER: "Ordrenummeret står i din ordrebekræftelse. Skriv til os igen med det, eller med den e-mailadresse, du bestilte med, så leder vi videre.", "You find the order number in your order confirmation. Write to us again with it, or with the e-mail address you ordered with, and we go on looking.";
    CLOSED_BY_PERSON: "En medarbejder har lukket sagen om ordre {order}, uden at der er truffet en afgørelse.", "A member of our staff has closed the case about order {order} without a decision.";
    CLOSED_ASK: "Er du i tvivl om hvorfor, eller er der stadig noget galt, så svar på denne besked.", "If you wonder why, or if something is still wrong, reply to this message.";

    CLOSED_MERGED: "Vi har samlet sagen om ordre {order} med en anden af dine sager, så du får svar ét sted.", "We have put the case about order {order} together with another one of yours, so that you get your answer in one place.";
    CLOSED_MERGED_HOW: "Det, du har skrevet og sendt her, er flyttet med. Du behøver ikke gøre noget.", "What you wrote and sent here has moved along. You need do nothing.";

    // Written to after it was decided or closed.
    SUBJECT_REPLY: "om ordre {order}", "about order {order}";
    REPLY: "En medarbejder skriver til dig om ordre {order}:", "A member of our staff writes to you about order {order}:";
    SUBJECT_HEARD: "vi har fået din besked", "we have your message";
    HEARD_DECIDED: "Tak for din besked om ordre {order}. Sagen er afgjort, men det, du skriver, bliver læst af en medarbejder.", "Thank you for your message about order {order}. The case is decided, but what you write is read by a member of our staff.";
    HEARD_OPEN: "Tak for din besked om ordre {order}. Vi har åbnet sagen igen, og en medarbejder læser, hvad du har skrevet.", "Thank you for your message about order {order}. We have opened the case again, and a member of our staff reads what you wrote.";
    HEARD_BY: "Det sker senest den {day}. Ændrer det noget, hører du fra os.", "That happens by {day}. If it changes anything, you hear from us.";
    HEARD_APPEAL: "Er du uenig i vores afgørelse, kan du få os til at se på sagen én gang til. Har du ikke allerede skrevet, hvad du mener er forkert, så gør det som svar på denne besked, gerne med noget, vi ikke har set. Så er det en medarbejder, der afgør den.", "If you disagree with our decision, you can have us look at the case once more. If you have not told us yet what you think is wrong, do so in reply to this message, if you can with something that we have not seen. A member of our staff then decides it.";

    // Decided.
    SUBJECT_DECISION: "vores afgørelse om ordre {order}", "our decision on order {order}";
    SUBJECT_REFUND: "vi betaler {amount} tilbage", "we are refunding {amount}";
    SUBJECT_CREDIT: "du får {amount} til gode hos os", "you get {amount} to spend with us";
    SUBJECT_EXCHANGE: "du kan vælge en anden ydelse", "you can choose another service";
    SUBJECT_REDELIVER: "vi leverer {units} igen", "we are delivering {units} again";
    SUBJECT_REPLACE: "du får en ny konto", "you get a new account";
    DECISION: "Vi har undersøgt din sag om ordre {order}, og her er vores afgørelse.", "We have looked into your case about order {order}, and this is our decision.";
    DECISION_AGAIN: "Vi har set på din sag om ordre {order} én gang til, og her er vores afgørelse.", "We have looked at your case about order {order} once more, and this is our decision.";
    LEAD_WHOLE: "Vi betaler hele beløbet tilbage: {amount}.", "We are refunding the whole amount: {amount}.";
    LEAD_RENEWAL: "Vi betaler fornyelsen tilbage: {amount}.", "We are refunding the renewal: {amount}.";
    LEAD_PARTIAL: "Vi betaler {amount} tilbage af de {whole}, du betalte.", "We are refunding {amount} of the {whole} you paid.";
    LEAD_SOME: "Vi betaler {amount} tilbage.", "We are refunding {amount}.";
    LEAD_CREDIT: "Du får {amount} til gode hos os.", "You get {amount} to spend with us.";
    LEAD_EXCHANGE: "Du kan vælge en anden ydelse for {amount} i stedet.", "You can choose another service for {amount} instead.";
    LEAD_REDELIVER: "Vi leverer {units} igen.", "We are delivering {units} again.";
    LEAD_REPLACE: "Du får en ny konto i stedet for {account}.", "You get a new account in place of {account}.";
    LEAD_FRONT: "Vi sætter din ordre forrest i køen.", "We are moving your order to the front of the queue.";
    LEAD_FASTER: "Vi sætter farten op på leveringen.", "We are speeding the delivery up.";
    LEAD_START: "Vi starter ydelsen i hånden.", "We are starting the service by hand.";
    LEAD_RESTART: "Vi begynder ordren forfra.", "We are starting the order afresh.";
    LEAD_CANCEL: "Vi siger abonnementet op, så der ikke trækkes mere.", "We are cancelling the subscription, so that nothing more is charged.";
    LEAD_CONCEDE: "Vi giver dig ret over for banken.", "We are telling the bank that you are right.";
    LEAD_CONTEST: "Vi kan ikke betale tilbage, så længe indsigelsen hos banken er i gang.", "We cannot refund you while the dispute with the bank is open.";
    LEAD_NO_REFUND: "Vi kan desværre ikke betale pengene tilbage.", "We are sorry, but we cannot refund you.";
    LEAD_NO_REDELIVERY: "Vi kan desværre ikke levere igen.", "We are sorry, but we cannot deliver again.";
    LEAD_NO_ACCOUNT: "Vi kan desværre ikke give dig en ny konto.", "We are sorry, but we cannot give you a new account.";
    LEAD_NO_EXCHANGE: "Vi kan desværre ikke bytte.", "We are sorry, but we cannot exchange it.";
    LEAD_WAIT: "Leveringen er ikke forsinket endnu, så vi venter på, at den begynder.", "The delivery is not late yet, so we are waiting for it to begin.";
    COMES_TO_NOTHING: "Når vi regner efter, er der ikke noget beløb tilbage at betale, så svaret bliver et nej.", "Worked out, no amount is left to pay, so the answer is a no.";
    BOUNDED: "Efter vores regler ville det have været {amount}. Mere er der ikke tilbage af det, du har betalt for ordren, så mere kan vi ikke betale tilbage.", "By our rules it would have been {amount}. No more is left of what you paid for the order, so no more can go back.";
    BY_PERSON: "En medarbejder har selv set på sagen og begrunder det sådan: {reason}", "A member of our staff looked at the case in person and gives this reason: {reason}";
    QUOTE: "Det bygger på punkt {clause} på vores side »{page}« i udgaven fra {version}", "This rests on clause {clause} of our page “{page}”, version of {version}";
    HEAD_WORKING: "Sådan er det regnet ud", "How it is worked out";
    CANCEL_FIRST: "Først siger vi abonnementet op. Når det er sket, betaler vi tilbage.", "First we cancel the subscription. Once that is done, we refund you.";
    SEND_ONE: "Vi sender {amount} tilbage til det kort eller den konto, du betalte med.", "We send {amount} back to the card or account you paid with.";
    SEND_MANY: "Vi sender pengene tilbage samme vej, som du betalte: {parts}.", "We send the money back the way you paid: {parts}.";
    SEND_PART: "{amount} for betalingen den {day}", "{amount} for the payment of {day}";
    SEND_PART_UNDATED: "{amount} for en anden betaling", "{amount} for another payment";
    SEND_REST: "Resten, {amount}, kan vi ikke sende samme vej. En medarbejder finder en anden måde og skriver til dig.", "The rest, {amount}, cannot go back that way. A member of our staff finds another and writes to you.";
    CONFIRMED_LATER: "Vi skriver til dig, så snart betalingen er bekræftet.", "We write to you as soon as the payment is confirmed.";
    CONFIRMED_LATER_MANY: "Vi skriver til dig, hver gang en af betalingerne er bekræftet.", "We write to you each time one of the payments is confirmed.";
    BANK_TIME: "Derefter går der som regel 5 til 10 bankdage, før du kan se pengene. Hvor længe afhænger af din bank.", "After that it usually takes 5 to 10 banking days until you can see the money. How long depends on your bank.";
    NOW_REDELIVER: "Vi sætter leveringen i gang og skriver til dig, når den er færdig.", "We arrange the delivery and write to you when it is done.";
    NOW_REPLACE: "Vi gør den nye konto klar og skriver til dig, når den er sendt.", "We get the new account ready and write to you when it has been sent.";
    NOW_TOLD: "Vi skriver til dig, når det er gjort.", "We write to you when it is done.";
    NOW_EXCHANGE: "En medarbejder skriver til dig om, hvad du kan vælge. Beløbet står til dig så længe.", "A member of our staff writes to you about what you can choose. The amount is kept for you until then.";
    NOW_CREDIT: "Beløbet står klar til din næste ordre.", "The credit is ready for your next order.";
    NOW_CANCEL: "Vi skriver til dig, når abonnementet er sagt op.", "We write to you when the subscription has been cancelled.";
    NOW_CONCEDE: "Det er banken, der betaler dig pengene. Du behøver ikke gøre mere.", "It is the bank that pays you the money. You need do nothing more.";
    NOW_CONTEST: "Du hører fra banken, når den har afgjort sagen.", "You hear from the bank when it has settled the case.";
    HEAD_APPEAL: "Hvis du er uenig", "If you disagree";
    APPEAL: "Du kan få os til at se på sagen én gang til. Svar på denne besked, og fortæl, hvad du mener er forkert, gerne med noget, vi ikke har set. Så er det en medarbejder, der afgør den.", "You can have us look at the case once more. Reply to this message and tell us what you think is wrong, if you can with something that we have not seen. A member of our staff then decides it.";
    FINAL: "Vi har nu set på sagen to gange, og det er vores endelige svar. Giver loven dig bedre vilkår, er det loven, der gælder.", "We have now looked at the case twice, and this is our final answer. Where the law gives you better terms, the law applies.";

    // The money.
    SUBJECT_PAID: "{amount} er betalt tilbage", "{amount} has been refunded";
    PAID: "Vi har betalt {amount} tilbage for ordre {order}.", "We have refunded {amount} for order {order}.";
    FIGURE_AMOUNT: "Beløb", "Amount";
    FIGURE_DAY: "Betalt den", "Paid on";
    FIGURE_REFERENCE: "Reference", "Reference";
    PAID_WHEN: "Pengene går til det kort eller den konto, du betalte med. Som regel går der 5 til 10 bankdage, før du kan se dem. Kan du ikke det, så spørg din bank med referencen ovenfor, eller svar på denne besked.", "The money goes to the card or account you paid with. It usually takes 5 to 10 banking days until you can see it. If you cannot, ask your bank with the reference above, or reply to this message.";
    PAID_MORE: "Det er en del af de {total}, vi har lovet. Resten, {rest}, kommer i en betaling for sig.", "This is a part of the {total} we promised. The rest, {rest}, comes in a separate payment.";
    PAID_ALL: "Dermed er alle {total} betalt.", "With that, all of the {total} has been paid.";
    SUBJECT_FAILED: "tilbagebetalingen gik ikke igennem", "the refund did not go through";
    FAILED: "Vi har prøvet at betale {amount} tilbage for ordre {order}, men betalingen gik ikke igennem.", "We tried to refund {amount} for order {order}, but the payment did not go through.";
    FAILED_LATE: "Vi skrev til dig, at vi havde betalt {amount} tilbage for ordre {order}. Pengene er siden kommet retur til os, så du har ikke fået dem.", "We wrote to you that we had refunded {amount} for order {order}. The money has since come back to us, so you have not got it.";
    FAILED_OWED: "Det beklager vi. Pengene er stadig dine, og en medarbejder finder en anden måde at betale dem på.", "We are sorry about that. The money is still yours, and a member of our staff finds another way to pay it.";
    FAILED_HELP: "Har du fået nyt kort, eller er din konto lukket, så skriv det til os; det hjælper os på vej. Send ikke kort- eller kontonumre.", "If you have a new card, or your account was closed, let us know; that helps us on. Do not send card or account numbers.";

    // Done, or not.
    SUBJECT_DONE_REDELIVER: "{units} er leveret igen", "{units} delivered again";
    DONE_REDELIVER: "Vi har leveret {units} igen til ordre {order}.", "We have delivered {units} again for order {order}.";
    SUBJECT_DONE_EXPEDITE: "din ordre er skubbet frem", "your order has been given a push";
    DONE_EXPEDITE: "Vi har skubbet ordre {order} frem, så resten kommer hurtigere.", "We have given order {order} a push, so that the rest comes sooner.";
    SUBJECT_DONE_STOP: "ordren er standset", "the order has been stopped";
    DONE_STOP: "Vi har standset ordre {order}. Der bliver ikke leveret mere.", "We have stopped order {order}. Nothing more will be delivered.";
    SUBJECT_DONE_START: "ydelsen er startet", "the service has been started";
    DONE_START: "Vi har startet ydelsen i ordre {order} i hånden.", "We have started the service of order {order} by hand.";
    SUBJECT_DONE_RESTART: "ordren er begyndt forfra", "the order has been started afresh";
    DONE_RESTART: "Vi er begyndt forfra på ordre {order}.", "We have started order {order} afresh.";
    SUBJECT_DONE_REPLACE: "din nye konto er sendt", "your new account has been sent";
    DONE_REPLACE: "Vi har sendt dig en ny konto i stedet for {account} fra ordre {order}.", "We have sent you a new account in place of {account} from order {order}.";
    SUBJECT_DONE_CANCEL: "abonnementet er sagt op", "the subscription has been cancelled";
    DONE_CANCEL: "Abonnementet på ordre {order} er sagt op. Der trækkes ikke mere.", "The subscription on order {order} has been cancelled. Nothing more will be charged.";
    DONE_CANCEL_REFUND: "Nu betaler vi {amount} tilbage. Vi skriver igen, når betalingen er bekræftet.", "Now we refund {amount}. We write again when the payment is confirmed.";
    DONE_ASK: "Ser det ikke rigtigt ud hos dig, så svar på denne besked.", "If it does not look right to you, reply to this message.";
    SUBJECT_EXCHANGED: "du har fået {service} i stedet", "you get {service} instead";
    EXCHANGED: "Som aftalt får du {service} i stedet for det, der var tilbage af ordre {order}.", "As agreed, you get {service} in place of what was left of order {order}.";
    EXCHANGED_HOW: "De {amount}, vi holdt til dig, er brugt på den nye ordre, {new}.", "The {amount} that we kept for you went into the new order, {new}.";
    SUBJECT_NOT_DONE: "det lykkedes ikke", "it did not work";
    NOT_DONE_REDELIVER: "Vi lovede at levere {units} igen til ordre {order}. Det er ikke lykkedes.", "We promised to deliver {units} again for order {order}. That did not work.";
    NOT_DONE_EXPEDITE: "Vi lovede at skubbe ordre {order} frem. Det er ikke lykkedes.", "We promised to give order {order} a push. That did not work.";
    NOT_DONE_STOP: "Vi prøvede at standse ordre {order}. Det er ikke lykkedes.", "We tried to stop order {order}. That did not work.";
    NOT_DONE_START: "Vi lovede at starte ydelsen i ordre {order} i hånden. Det er ikke lykkedes.", "We promised to start the service of order {order} by hand. That did not work.";
    NOT_DONE_RESTART: "Vi lovede at begynde forfra på ordre {order}. Det er ikke lykkedes.", "We promised to start order {order} afresh. That did not work.";
    NOT_DONE_REPLACE: "Vi lovede dig en ny konto i stedet for {account} fra ordre {order}. Det er ikke lykkedes.", "We promised you a new account in place of {account} from order {order}. That did not work.";
    NOT_DONE_CANCEL: "Vi lovede at sige abonnementet på ordre {order} op. Det er ikke lykkedes endnu.", "We promised to cancel the subscription on order {order}. That has not worked yet.";
    NOT_DONE_REFUND: "Derfor venter tilbagebetalingen på {amount} også, til vi har fundet ud af det.", "So the refund of {amount} also waits until we have sorted it out.";
    NOT_DONE_NEXT: "Det beklager vi, og vi lader det ikke ligge: en medarbejder finder ud af, hvad vi kan gøre i stedet.", "We are sorry, and we do not leave it at that: a member of our staff finds out what we can do instead.";

    // The bank was asked.
    SUBJECT_DISPUTED: "din indsigelse hos banken", "your dispute with the bank";
    DISPUTED: "Din bank har fortalt os, at du har gjort indsigelse mod betalingen for ordre {order}.", "Your bank has told us that you dispute the payment for order {order}.";
    DISPUTED_RULES: "Så længe indsigelsen er i gang, er det banken, der afgør, hvem pengene tilhører, og vi kan ikke selv betale dem tilbage imens. Ellers kunne de blive betalt to gange.", "While the dispute is open, it is the bank that decides whose the money is, and we cannot refund it ourselves meanwhile. Otherwise it could be paid twice.";
    DISPUTED_HELD: "Derfor har vi holdt de {amount} tilbage, som vi ellers var ved at betale dig.", "That is why we have held back the {amount} that we were about to refund.";
    DISPUTED_SENT: "Vi har allerede sendt dig {amount} for ordren, og det fortæller vi banken.", "We have already sent you {amount} for the order, and we tell the bank so.";
    DISPUTED_CREDIT: "De {amount}, du havde til gode hos os, kan heller ikke bruges imens.", "Nor can the {amount} that you had to spend with us be used meanwhile.";
    DISPUTED_FASTER: "Er noget galt med ordren, så skriv det til os. Det er stadig den hurtigste vej til en løsning: trækker du indsigelsen tilbage hos banken, går vi videre med sagen. Det bestemmer du selv.", "If something is wrong with the order, tell us. That is still the fastest way to a solution: if you withdraw the dispute with the bank, we go on with the case. The choice is yours.";
}
