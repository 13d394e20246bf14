# Teksterne på de sider, som kunder ser, på dansk. `texts.en.ftl` har de samme på engelsk; en test holder dem op mod hinanden.

moment = { $day } kl. { $time }
skip = Gå til indholdet
languages = Sprog
places = Sider
nav-help = Få hjælp
nav-contact = Kontakt
nav-policy = Refusionspolitik
foot = Du har med { $merchant } at gøre. Siden bruger hverken cookies eller scripts.

policy-title = Refusionspolitik
policy-earlier = Denne udgave trådte i kraft den { $day }, og i dag gælder en anden. Din ordre bedømmes efter den udgave, der gjaldt, da du bestilte.
policy-later = Denne version træder i kraft { $day }. Den gælder for ordrer, der afgives fra da af.
policy-current = Læs udgaven, der gælder i dag

contact-title = Kontakt
contact-lead = Er der noget galt med en ordre, så sig det til os. Vi ser på fakta, og du får et svar med begrundelse.
contact-answered = { $hours ->
    [one] Et menneske svarer inden for en time.
   *[other] Et menneske svarer inden for { $hours } timer.
}
contact-form = Få hjælp med en ordre
contact-form-why = Den hurtigste vej: det tager cirka to minutter, og du ser med det samme, hvad vi har brug for.
contact-email = E-mail
contact-phone = Telefon
contact-website = Vores butik
contact-official = Vores officielle kanaler
contact-official-why = Vi skriver kun til dig herfra. Vi beder aldrig om din adgangskode eller hele dit kortnummer. Skriver nogen til dig i vores navn fra andre steder, så svar ikke, men sig det til os.
contact-dispute = Spørg her, før du gør indsigelse mod en betaling
contact-dispute-1 = En indsigelse hos din bank eller dit kortselskab tager ofte flere uger, og imens kan vi ikke betale den samme betaling tilbage: banken holder pengene.
contact-dispute-2 = Det er gratis at spørge her, og det tager intet fra dig. Er du ikke tilfreds med svaret, kan du klage over det, og du kan stadig gå til banken.
contact-dispute-3 = Kender du ikke betalingen, eller tror du, at dit kort er stjålet? Så ring til din bank med det samme.
contact-policy-link = Læs refusionspolitikken

help-title = Få hjælp med en ordre
help-lead = Fortæl os, hvad der er sket. Det tager cirka to minutter.
help-closed = Vi tager ikke imod henvendelser gennem formularen lige nu. Brug en af vejene på kontaktsiden.
help-order = Ordrenummer
help-order-hint = Det står i mailen med din kvittering.
help-order-wrong = Skriv ordrenummeret, som det står i din kvittering.
help-email = E-mail, du bestilte med
help-email-hint = Vi svarer til denne adresse.
help-email-wrong = Skriv en hel e-mailadresse, for eksempel ann@example.com.
help-words = Hvad er der galt?
help-words-hint = Med dine egne ord. Hvornår så du det, og hvad havde du ventet?
help-words-wrong = Fortæl os, hvad der er galt, med højst 10.000 tegn.
help-next = Fortsæt
help-step-1 = Trin 1 af 2
help-step-2 = Trin 2 af 2
help-more-title = Et par detaljer
help-more-lead = Vi har foreslået det, der passer bedst til dine ord. Ret det, hvis noget andet passer bedre.
help-claim = Hvad af dette er det?
help-wants = Hvad vil du gerne have?
help-account = Hvilken konto?
help-account-hint = Navnet på den konto, der ikke virker.
help-files = Skærmbilleder eller filer
help-files-why = De er ikke et krav, men de sparer tit et spørgsmål.
help-files-target = Ved forkert land eller målgruppe hjælper et skærmbillede af din publikumsstatistik os mest.
help-files-account = Ved en konto hjælper et skærmbillede, der viser fejlen, os mest.
help-files-drop = Ved et fald hjælper et skærmbillede af tallet i dag os mest.
help-send = Send
help-back = Begynd forfra
help-yours = Du skrev
help-wrong = Der mangler stadig noget
help-heard-title = Vi har det
help-heard-1 = Hører ordrenummeret og e-mailadressen sammen, har vi oprettet en sag og skrevet til { $email }. Brevet fortæller dig, hvad der nu sker.
help-heard-2 = Intet brev inden for en time? Se i mappen med uønsket post, tjek så begge dele og send formularen igen, eller brug kontaktsiden.

files-limits = Højst { $count } filer på { $size } MB hver: billeder, PDF, tekst, tabeller eller gemte mails.
files-kept = { $count ->
    [one] Én fil er allerede hos os.
   *[other] { $count } filer er allerede hos os.
}
files-rejected = En fil kunne ikke tages imod: den er for stor eller af en slags, vi ikke kan åbne sikkert. Send et billede, en PDF, en tekst, en tabel eller en gemt mail.
files-add = Tilføj filer

claim-not_started = Den er ikke begyndt
claim-not_received = Der kom intet
claim-incomplete = Der kom kun en del
claim-changed_mind = Jeg har fortrudt
claim-no_benefit = Det hjalp mig ikke
claim-quality = Kvaliteten er dårlig
claim-slow = Det går for langsomt
claim-dropped = Det kom og faldt igen
claim-wrong_target = Forkert land eller målgruppe
claim-stop = Jeg vil have det standset
claim-auto_not_working = Den automatiske ydelse virker ikke
claim-account_faulty = En konto virker ikke
claim-renewal = Et abonnement blev fornyet
claim-other = Noget andet

wants-refund = Mine penge tilbage
wants-redelivery = At I leverer igen
wants-exchange = Noget andet for pengene

case-title = Sag MG-{ $number }
case-number = Sag MG-{ $number }
case-order = Ordre { $order }
case-service = { $service }: { $units } for { $price }
case-steps = Så langt er din sag
case-needed = Det mangler vi fra dig
case-needed-until = Svar venligst inden den { $day }.
case-why = Derfor spørger vi:
case-measured = Det har vi målt
case-measured-at = Sådan stod det, da vi afgjorde sagen, { $at }.
case-measured-now = Sådan står det i vores optegnelser nu.
case-table = Alle målinger
case-decision = Det har vi besluttet, og derfor
case-change = Det ville have ændret svaret
case-version-link = Vores refusionspolitik, udgaven af { $day }
case-proof = Hent beviset
case-proof-why = Afgørelsen står i en log, som ingen kan ændre bagefter, heller ikke vi. Med denne fil kan enhver efterprøve det.
case-thread = Det er der skrevet
case-thread-none = Intet endnu.
case-reply = Skriv til os
case-answer = Svar
case-appeal = Ikke tilfreds med afgørelsen?
case-appeal-why = Klag over den: et menneske, der ikke har afgjort sagen, ser på den igen. Fortæl os, hvad vi har overset.
case-appeal-send = Klag over afgørelsen
case-send = Send
case-text = Din besked
case-keep = Linket er kun til dig. Den, der har det, kan læse sagen.

thread-you = Du
letter-received = Vi har din henvendelse
letter-question = Vi spurgte dig om noget
letter-reminder = Vi mindede dig om det
letter-update = Det fandt vi
letter-decision = Det besluttede vi
letter-paid = Pengene er på vej
letter-failed = En tilbagebetaling kom retur
letter-done = Det er gjort
letter-not_done = Det kunne ikke gøres
letter-disputed = Din bank har spurgt os
letter-closed = Sagen er lukket
letter-reopened = Vi ser på den igen
letter-heard = Vi læser det, du skrev
letter-reply = Vi skrev til dig
letter-exchanged = Dit bytte

told-message = Vi har din besked.
told-appeal = Vi har din klage. Et menneske ser på sagen igen.
reply-empty = Skriv noget, eller tilføj en fil.
reply-refused = Vi kunne ikke tage imod det lige nu. Brug en af vejene på kontaktsiden.
appeal-refused = Afgørelsen kan ikke påklages nu: der er allerede klaget, eller den er ikke den seneste. Skriv til os i stedet.

gone-title = Linket gælder ikke
gone-1 = Det er udløbet, afløst af et nyere eller ikke helt.
gone-2 = Det nyeste brev om din sag har et link, der virker. Du kan også bede om hjælp igen.

state-order = Vi leder efter din ordre { $order }
state-checking = Vi undersøger din ordre
state-asked = { $count ->
    [one] Vi mangler ét svar fra dig inden den { $day }
   *[other] Vi mangler { $count } svar fra dig inden den { $day }
}
state-deciding = Alt er undersøgt, og et menneske ser på afgørelsen
state-parked = Et menneske ser på din sag
state-approved = Godkendt den { $day }: du får { $amount } tilbage
state-paid = { $amount } blev betalt tilbage til dig den { $day }
state-failed = Din tilbagebetaling på { $amount } kom ikke igennem
state-action = Din tilbagebetaling på { $amount } venter på dig
state-credit = Siden den { $day } har du { $amount } at vælge noget andet for
state-putting-right = Afgjort den { $day }: vi retter op på det
state-put-right = Der blev rettet op på det
state-declined = Afgjort den { $day }: ingen penge tilbage
state-disputed = Din bank ser på denne betaling
state-unanswered = Lukket, fordi vi ikke hørte fra dig
state-no-order = Vi fandt ikke ordren { $order }
state-ended = Sagen er lukket
state-merged = Denne sag er samlet med en anden af dine sager.
note-merged = Du får svar dér gennem linket i dens breve. Det, du skrev her, er flyttet med.
note-soon = { $hours ->
    [one] Du behøver ikke gøre noget nu. Du hører fra os inden for en time.
   *[other] Du behøver ikke gøre noget nu. Du hører fra os inden for { $hours } timer.
}
note-order = Du behøver ikke gøre noget nu. Er nummeret forkert, så skriv til os nedenfor.
note-asked = Så snart vi har dit svar, går sagen videre.
note-approved = Pengene går samme vej tilbage, som du betalte. Du får et brev, når de sendes.
note-paid = Pengene går samme vej tilbage, som du betalte. Banker viser dem som regel inden for 3 til 10 hverdage.
note-failed = Vi finder en anden vej og skriver til dig. Du behøver ikke gøre noget nu.
note-action = Se i din mail: betalingsudbyderen har bedt dig bekræfte.
note-credit = Skriv til os nedenfor, når du ved, hvad du gerne vil have.
note-putting-right = Hvad vi gør, står nedenfor. Du får et brev, når det er gjort.
note-put-right = Hvad der er gjort, står nedenfor. Er noget stadig galt, så skriv til os.
note-declined = Hvorfor, står nedenfor. Du kan klage.
note-disputed = Imens kan vi ikke betale den samme betaling tilbage. Vi svarer banken med det, vi ved, og fortæller dig, hvordan det ender.
note-again = Skriv til os nedenfor, så er sagen åben igen.
note-no-order = Tjek nummeret i din kvittering, og spørg igen med det rigtige.

step-received = Modtaget
step-checked = Undersøgt
step-decided = Afgjort
step-paid = Betalt
step-done = Gjort
step-is-done = gjort
step-is-now = nu
step-is-next = mangler

curve-title = Leveringen
curve-ordered = Bestilt
curve-start = Start
curve-arrived = Leveret
curve-dropped = Faldet igen
curve-guarantee = Garanti
curve-until = til { $day }
curve-drop-label = −{ $units } ({ $share })
curve-row-start = Start
curve-row-count = Tæller
curve-row-sum = Leveret i alt
curve-when = Hvornår
curve-what = Hvad
curve-number = Antal

sign-in = Log ind
sign-in-name = Navn
sign-in-password = Adgangskode
sign-in-code = Kode
sign-in-code-hint = Seks cifre fra din kodeapp, eller en af de koder, du gemte til en mistet telefon.
sign-in-wrong = Navn, adgangskode og kode passer ikke sammen eller er prøvet for tit. Vent et minut, og prøv igen; hver kode gælder én gang.
sign-in-too-often = { $minutes ->
    [one] For mange forsøg herfra. Vent et minut, og prøv igen.
   *[other] For mange forsøg herfra. Vent { $minutes } minutter, og prøv igen.
}
sign-in-link = Ingen adgangskode endnu, eller mistet telefon og koder? Deskens ejer laver et link, der logger dig ind én gang.

find-title = Find din sag
find-lead = Du får en kode på mail, og med den læser du din sag, afgørelsen og alt, der er skrevet.
find-send = Send mig en kode
find-new = Har du ikke skrevet til os endnu?
code-title = Din kode
code-heard = Vi har det, du skrev.
code-sent = Hvis ordren og { $email } hører sammen, er en kode på vej dertil.
code-label = Kode
code-hint = Seks cifre. Den gælder én gang i et kvarter.
code-enter = Fortsæt
code-none = Ingen kode efter nogle minutter? Se i uønsket post, og se efter, om ordrenummeret og adressen er dem i din ordrebekræftelse.
code-again = Prøv igen
code-wrong = Koden passer ikke eller gælder ikke længere. Se efter, om det er den nyeste, eller bed om en anden.
code-no-case = Der er ingen sag om denne ordre endnu. Skriv til os, så er der en med det samme.
code-subject = Din kode: { $code }
code-greeting = Hej
code-lead = Din kode er { $code }.
code-lasts = Skriv den på siden, der spørger efter den. Den gælder én gang i { $minutes ->
    [one] et minut
   *[other] { $minutes } minutter
}.
code-not-you = Har du ikke bedt om en kode? Så skal du ikke gøre noget: ingen kommer ind uden den.
code-closing = Venlig hilsen
chat-title = Skriv med os
chat-there = Der er nogen her, som svarer dig.
chat-not-there = Der er ingen her lige nu. Skriv alligevel: vi svarer fra { $at }, her og på mail.
chat-order-wrong = Vi finder ikke denne ordre blandt dine. Nummeret står i din ordrebekræftelse.
chat-begin = Send
chat-person = Os
chat-stands = Sådan står din sag
chat-case = Alt om sagen
chat-hint = Skriv her
chat-unsent = Det nåede ikke frem. Dine ord står her stadig: send dem igen.
find-link = Har du skrevet til os før? Find din sag
