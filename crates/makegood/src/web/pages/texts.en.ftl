# The texts of the pages that customers see, in English. `texts.da.ftl` has the same ones in Danish; a test compares them.

moment = { $day } at { $time }
skip = Skip to the content
languages = Language
places = Pages
nav-help = Get help
nav-contact = Contact
nav-policy = Refund policy
foot = You deal with { $merchant }. This page uses no cookies and no scripts.

policy-title = Refund policy
policy-earlier = This version came into force on { $day }, and another one is in force today. Your order is judged by the version that was in force when you placed it.
policy-later = This version comes into force on { $day }. It judges orders that are placed from then on.
policy-current = Read today’s version

contact-title = Contact
contact-lead = If something is wrong with an order, tell us. We look at the facts, and you get an answer with the reason.
contact-answered = { $hours ->
    [one] A person answers within an hour.
   *[other] A person answers within { $hours } hours.
}
contact-form = Ask for help with an order
contact-form-why = The quickest way: it takes about two minutes, and you see at once what we need.
contact-email = E-mail
contact-phone = Telephone
contact-website = Our shop
contact-official = Our official channels
contact-official-why = We write to you only from here. We never ask for your password or your whole card number. If somebody writes to you in our name from elsewhere, do not answer; tell us.
contact-dispute = Before you dispute a payment, ask here
contact-dispute-1 = A dispute at your bank or card company often takes several weeks, and while it runs we cannot refund the same payment: the money is held by the bank.
contact-dispute-2 = Asking here is free and takes nothing away from you. If you are not content with our answer, you can appeal it, and you can still go to your bank.
contact-dispute-3 = You do not recognise the payment, or think that your card was stolen? Call your bank at once.
contact-policy-link = Read the refund policy

help-title = Get help with an order
help-lead = Tell us what happened. It takes about two minutes.
help-closed = We do not take requests by this form at the moment. Please use one of the ways on the contact page.
help-order = Order number
help-order-hint = It stands in the mail with your receipt.
help-order-wrong = Write the order number, as it stands in your receipt.
help-email = E-mail you ordered with
help-email-hint = We answer to this address.
help-email-wrong = Write a whole e-mail address, such as ann@example.com.
help-words = What is wrong?
help-words-hint = In your own words. When did you notice it, and what did you expect?
help-words-wrong = Tell us what is wrong, in at most 10,000 characters.
help-next = Continue
help-step-1 = Step 1 of 2
help-step-2 = Step 2 of 2
help-more-title = A few details
help-more-lead = We have suggested what fits your words best. Change it if something else fits better.
help-claim = Which of these is it?
help-wants = What would you like?
help-account = Which account?
help-account-hint = The name of the account that does not work.
help-files = Screenshots or files
help-files-why = They are not required, but they often save a question.
help-files-target = For the wrong country or audience: a screenshot of your audience statistics helps us most.
help-files-account = For an account: a screenshot that shows the fault helps us most.
help-files-drop = For a drop: a screenshot of the number today helps us most.
help-send = Send
help-back = Start again
help-yours = You wrote
help-wrong = Something is still missing
help-heard-title = We have it
help-heard-1 = If the order number and the e-mail address belong together, we have opened a case and written to { $email }. The letter tells you what happens next.
help-heard-2 = No letter within an hour? Look in the spam folder, then check both and send the form again, or use the contact page.

files-limits = At most { $count } files of { $size } MB each: pictures, PDF, text, tables or saved mails.
files-kept = { $count ->
    [one] One file is already with us.
   *[other] { $count } files are already with us.
}
files-rejected = A file could not be taken: it is too large, or of a kind that we cannot open safely. Send a picture, a PDF, a text, a table or a saved mail.
files-add = Add files

claim-not_started = It has not started
claim-not_received = Nothing came
claim-incomplete = Only a part came
claim-changed_mind = I have changed my mind
claim-no_benefit = It did not help me
claim-quality = The quality is poor
claim-slow = It is too slow
claim-dropped = It came, and dropped again
claim-wrong_target = Wrong country or audience
claim-stop = I want it stopped
claim-auto_not_working = The automatic service does not work
claim-account_faulty = An account does not work
claim-renewal = A subscription was renewed
claim-other = Something else

wants-refund = My money back
wants-redelivery = That you deliver again
wants-exchange = Something else for the money

case-title = Case MG-{ $number }
case-number = Case MG-{ $number }
case-order = Order { $order }
case-service = { $service }: { $units } for { $price }
case-steps = Where your case is
case-needed = What we still need from you
case-needed-until = Please answer before { $day }.
case-why = Why we ask:
case-measured = What we measured
case-measured-at = As it stood when we decided, { $at }.
case-measured-now = As it stands in our records now.
case-table = All measurements
case-decision = What we decided, and why
case-change = What would have changed it
case-version-link = Our refund policy, version of { $day }
case-proof = Download the proof
case-proof-why = The decision stands in a log that nobody can change afterwards, not even we. With this file anybody can check it.
case-thread = What was written
case-thread-none = Nothing yet.
case-reply = Write to us
case-answer = Answer
case-appeal = Not content with the decision?
case-appeal-why = Appeal it: a person who did not decide it looks at the case again. Tell us what we have overlooked.
case-appeal-send = Appeal the decision
case-send = Send
case-text = Your message
case-keep = This link is yours alone. Whoever has it can read the case.

thread-you = You
letter-received = We have your request
letter-question = We asked you something
letter-reminder = We reminded you
letter-update = What we found
letter-decision = What we decided
letter-paid = The money is on its way
letter-failed = A refund came back
letter-done = It is done
letter-not_done = It could not be done
letter-disputed = Your bank asked us
letter-closed = The case is closed
letter-reopened = We look at it again
letter-heard = We read what you wrote
letter-reply = We wrote to you
letter-exchanged = Your exchange

told-message = We have your message.
told-appeal = We have your appeal. A person looks at the case again.
reply-empty = Write something, or add a file.
reply-refused = We could not take this just now. Please use one of the ways on the contact page.
appeal-refused = This decision cannot be appealed now: it was appealed already, or is not the last one. Write to us instead.

gone-title = This link does not count
gone-1 = It has run out, was replaced by a newer one, or is not whole.
gone-2 = The newest letter about your case has a link that works. You can also ask for help again.

state-order = We are looking for your order { $order }
state-checking = We are checking your order
state-asked = { $count ->
    [one] We need one answer from you before { $day }
   *[other] We need { $count } answers from you before { $day }
}
state-deciding = Everything is checked, and a person looks at the decision
state-parked = A person looks at your case
state-approved = Approved on { $day }: { $amount } goes back to you
state-paid = { $amount } was paid back to you on { $day }
state-failed = Your refund of { $amount } did not get through
state-action = Your refund of { $amount } waits for you
state-credit = You have had { $amount } to choose something else for since { $day }
state-putting-right = Decided on { $day }: we put it right
state-put-right = It was put right
state-declined = Decided on { $day }: no refund
state-disputed = Your bank is looking at this payment
state-unanswered = Closed, because we did not hear from you
state-no-order = We did not find the order { $order }
state-ended = The case is closed
state-merged = This case was put together with another one of yours.
note-merged = You get your answer there, by the link in its letters. What you wrote here has moved along.
note-soon = { $hours ->
    [one] You need do nothing now. You hear from us within an hour.
   *[other] You need do nothing now. You hear from us within { $hours } hours.
}
note-order = You need do nothing now. If the number is wrong, write to us below.
note-asked = As soon as we have your answer, the case goes on.
note-approved = It goes back the way you paid. You get a letter when it leaves us.
note-paid = It goes back the way you paid. Banks usually show it within 3 to 10 working days.
note-failed = We are finding another way, and write to you. You need do nothing now.
note-action = Look in your mail: the payment provider has asked you to confirm it.
note-credit = Write to us below when you know what you would like.
note-putting-right = What we do stands below. You get a letter when it is done.
note-put-right = What was done stands below. If something is still wrong, write to us.
note-declined = Why stands below. You can appeal.
note-disputed = While it does, we cannot refund the same payment. We answer the bank with what we know, and tell you how it ends.
note-again = Write to us below, and the case is open again.
note-no-order = Check the number in your receipt, and ask again with the right one.

step-received = Received
step-checked = Checked
step-decided = Decided
step-paid = Paid
step-done = Done
step-is-done = done
step-is-now = now
step-is-next = still to come

curve-title = The delivery
curve-ordered = Ordered
curve-start = Start
curve-arrived = Delivered
curve-dropped = Dropped again
curve-guarantee = Guarantee
curve-until = until { $day }
curve-drop-label = −{ $units } ({ $share })
curve-row-start = Start
curve-row-count = Counter
curve-row-sum = Delivered in all
curve-when = When
curve-what = What
curve-number = Number

sign-in = Sign in
sign-in-name = Name
sign-in-password = Password
sign-in-code = Code
sign-in-code-hint = Six figures from your authenticator, or one of the codes you kept for a lost telephone.
sign-in-wrong = Name, password and code do not fit together, or were tried too often. Wait a minute and try again; every code counts once.
sign-in-too-often = { $minutes ->
    [one] Too many tries from here. Wait a minute, and try again.
   *[other] Too many tries from here. Wait { $minutes } minutes, and try again.
}
sign-in-link = No password yet, or telephone and codes lost? The desk’s owner makes a link that signs you in once.

find-title = Find your case
find-lead = You get a code by mail, and with it you read your case, its decision and everything that was written.
find-send = Send me a code
find-new = Nothing sent to us yet?
code-title = Your code
code-heard = We have what you wrote.
code-sent = If the order and { $email } belong together, a code is on its way there.
code-label = Code
code-hint = Six figures. It counts once, for a quarter of an hour.
code-enter = Go on
code-none = No code after some minutes? Look among unwanted mail, and see whether the order number and the address are those of your order confirmation.
code-again = Try again
code-wrong = This code does not fit, or counts no more. See whether it is the newest one, or ask for another.
code-no-case = There is no case about this order yet. Write to us, and there is one at once.
code-subject = Your code: { $code }
code-greeting = Hello,
code-lead = Your code is { $code }.
code-lasts = Write it on the page that asks for it. It counts once, for { $minutes ->
    [one] one minute
   *[other] { $minutes } minutes
}.
code-not-you = You did not ask for a code? Then you need do nothing: nobody gets in without it.
code-closing = Kind regards,
chat-title = Write with us
chat-there = Somebody is here and answers you.
chat-not-there = Nobody is here right now. Write all the same: we answer from { $at } on, here and by mail.
chat-order-wrong = We do not find this order among yours. The number stands in your order confirmation.
chat-begin = Send
chat-person = Us
chat-stands = How your case stands
chat-case = Everything about the case
chat-hint = Write here
chat-unsent = That did not reach us. Your words stand here still: send them again.
find-link = Have you written to us before? Find your case
