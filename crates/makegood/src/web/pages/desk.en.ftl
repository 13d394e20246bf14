# The texts of the console, in English. `desk.da.ftl` has the same ones in Danish; a test compares them.

desk-nav-queue = Queue
desk-nav-tasks = Tasks
desk-nav-orders = Orders
desk-nav-policy = Policy
desk-nav-reports = Reports
desk-search = Search cases
desk-search-hint = Case, order, e-mail, words
desk-sign-out = Sign out
desk-keys = Keys
desk-keys-hint = Press ? for the keys.
desk-close-dialog = Close
desk-key-move = Next and previous case
desk-key-open = Open the case
desk-key-tick = Choose the case
desk-key-many = Accept what is chosen
desk-key-accept = Accept, or approve
desk-key-otherwise = Decide otherwise
desk-key-ask = Ask for what is missing
desk-key-reply = Write to the customer
desk-key-evidence = Go to the evidence
desk-key-undo = Call the refund back
desk-key-next = Next case of the view
desk-key-search = Search
desk-key-go = Go: q queue, t tasks, o orders, p policy, r reports
desk-key-help = Show this

desk-queue = Queue
desk-views = Views
desk-view-ready = Ready to decide
desk-view-mine = Mine
desk-view-soon = Due within the hour
desk-view-waiting = Waiting for customers
desk-view-technical = Technical team
desk-view-approvals = Approvals
desk-view-disputes = Disputes
desk-view-parked = Parked
desk-view-open = All open
desk-view-closed = Closed
desk-queue-empty = Nothing here. Everything in this view is done.
desk-search-nothing = Nothing fits “{ $words }”. Try the case number, the whole order number, or the customer’s e-mail address.
desk-choose = Choose
desk-choose-one = Choose MG-{ $number }
desk-col-case = Case
desk-col-what = What is wrong
desk-col-proposed = Proposed
desk-col-amount = Amount
desk-col-due = Due
desk-col-channel = Came by
desk-col-person = Person
desk-accept-chosen = Accept the chosen
desk-more = More
desk-nothing-chosen = Choose the cases first.
desk-changed-meanwhile = It has changed since you saw it. Open it and look again.
desk-channel-form = form
desk-channel-chat = chat
desk-channel-email = mail
desk-channel-api = shop
desk-stage-waiting_for_order = Looking for the order
desk-stage-investigating = Investigating
desk-stage-waiting_for_customer = Waiting for the customer
desk-stage-ready_to_decide = Ready to decide
desk-stage-waiting_for_approval = Waits for a second person
desk-stage-remedying = Being put right
desk-stage-closed = Closed
desk-stage-parked = Parked
desk-outcome-refund = Refund
desk-outcome-partial_refund = Partial refund
desk-outcome-support_resolution = Put right
desk-outcome-declined = No refund
desk-outcome-needs_information = More is needed
desk-outcome-review = For a person
desk-outcome-contest = Answer the bank
desk-outcome-concede = Accept the chargeback

desk-told-accepted = Accepted. The money waits a moment: u calls it back.
desk-told-approved = Approved.
desk-told-not-approved = Not approved. It goes back to whoever decides.
desk-told-decided = Decided as you wrote it.
desk-told-replied = Your words are on their way to the customer.
desk-told-noted = Noted.
desk-told-assigned = Assigned.
desk-told-closed = Closed.
desk-told-judged = Taken down. What it changes stands below.
desk-told-checked = Taken down. What it changes stands below.
desk-told-answered = Answered. What it changes stands below.
desk-told-done = Done.
desk-told-undone = Called back. Nothing was sent.
desk-told-unparked = On its way again.

desk-form-wrong = This form cannot be understood. Load the page again, and try once more.
desk-number-wrong = Write a whole number.
desk-reason-missing = Write why. It stands in the log, and others read it.
desk-reason-long = That is too long: at most 2,000 characters.
desk-service-missing = Write which service the new order is of.
desk-answer-missing = Answer yes or no.
desk-country-wrong = Write the country in two letters, such as DK.
desk-share-wrong = Write a share from 0 to 100, such as 62.5.
desk-amount-wrong = Write an amount such as 9.75.
desk-outcome-missing = Choose an outcome.
desk-clause-missing = Choose the clause that it rests on.
desk-not-yours = Somebody else does this: your role does not allow it.

desk-case = Case
desk-case-title = Case MG-{ $number }
desk-order-unknown = The order is not known yet.
desk-tile-outcome = Proposed
desk-tile-delivered = Delivered of ordered
desk-tile-clock = Clock
desk-tile-chargeback = Chargeback
desk-tile-due = Reply due
desk-tile-clause = Clause
desk-yes = Yes
desk-no = No
desk-nothing-due = nothing is due
desk-none-dropped = none dropped
desk-dropped = { $units } dropped again
desk-guarantee-until = Guarantee until { $day }
desk-start-overdue = Start was due { $day }
desk-start-due = Start due { $day }
desk-no-clock = none runs
desk-parked = Something broke here, and nothing moves until somebody has looked
desk-unpark = Send it on its way
desk-decision = Decision
desk-decision-proposed = Proposed, and waits for you
desk-decision-waits = Accepted, and waits for a second person
desk-decision-stands = Decided, and told to the customer
desk-decision-replaced = Replaced by a later one
desk-no-decision = Nothing can be decided yet: something that matters is still missing.
desk-accept = Accept
desk-approve = Approve as the second person
desk-not-approve = Do not approve
desk-undo = Call the refund back
desk-by-a-person = a person decided so: { $reason }
desk-clause-of = Clause { $clause }
desk-because = Why
desk-suggestions = To choose from
desk-asks = We ask { $who }
desk-whom-customer = the customer
desk-whom-support = support
desk-whom-technical_team = the technical team
desk-whom-finance = finance
desk-start-count = Counter before the order
desk-count-now = Counter now
desk-units-a-day = Units a day that were promised
desk-answer = Answer
desk-settle-check = Settle: { $check }
desk-what-found = What did you find?
desk-sound = The records are sound
desk-unsound = They are not
desk-otherwise = Decide otherwise
desk-outcome = Outcome
desk-refund-amount = Refund in { $currency }
desk-for-units = For how many units
desk-credit-amount = Store credit in { $currency }
desk-redeliver-units = Units to deliver again
desk-clause-chosen = Clause that it rests on
desk-why = Why?
desk-decide-so = Decide so
desk-close-case = Close without a decision
desk-delivery = Delivery
desk-judged-at = As it stood when it was judged, { $at }.
desk-conversation = Conversation
desk-thread-customer = The customer
desk-thread-proof = A proof from the customer
desk-evidence = Evidence
desk-proof-alt = What was handed in: { $name }
desk-proof-audience_statistics = Audience statistics
desk-proof-account_fault = Fault of an account
desk-proof-proxy = Proxy
desk-proof-other = Other
desk-proof-waiting = waits for somebody to look
desk-proof-accepted = accepted
desk-proof-rejected = not accepted: { $reason }
desk-share = Share in the target sold, in per cent
desk-fault-seen = Is the fault to be seen?
desk-proxy-used = Was a proxy used?
desk-country = In which country does it stand?
desk-reject-reason = If it is not accepted: why?
desk-proof-accept = It shows that
desk-proof-reject = It does not
desk-to-do = To do
desk-task-done = It is done
desk-new-order = Number of the new order
desk-new-service = Service that it is of
desk-what-done = What was done?
desk-todo-accept = Look at the proposed decision{ $about }
desk-todo-approve = Approve what a colleague accepted{ $about }
desk-todo-verify = Check: { $about }
desk-todo-review = Decide what the policy leaves to people{ $about }
desk-todo-command = Carry out what was decided (no. { $about })
desk-todo-refund_stuck = Find out what became of refund { $about }
desk-todo-refund_failed = Find another way to pay refund { $about }
desk-todo-dispute = Answer the chargeback { $about }
desk-todo-exchange = Agree with the customer on something else{ $about }
desk-todo-command_refused = Something promised could not be done (no. { $about })
desk-todo-message = Read what the customer wrote{ $about }
desk-records = Records
desk-check-delivery_log = Delivery log
desk-check-account_activity = Account activity
desk-check-internal_records = Internal records
desk-check-not-yet = not yet looked at
desk-check-sound = sound
desk-check-doubtful = doubtful
desk-check-settled-sound = settled: sound
desk-check-settled-unsound = settled: not sound
desk-found-start-overdue = It should have started by { $day }, and has not.
desk-found-start-not-due = It has not started; it is due by { $day }.
desk-found-start-late = It started late, on { $day }.
desk-found-start-in-time = It started in time, on { $day }.
desk-found-delivered = { $delivered } delivered and { $dropped } dropped again, of { $ordered }.
desk-found-counts-unknown = Nobody knows what the counter said.
desk-found-behind = It is slower than was promised.
desk-found-below-start = The counter stands below where it started.
desk-found-gap = The log is silent for { $hours } hours from { $at }.
desk-found-from-the-future = The log has entries from the future.
desk-found-after-closing = The log goes on after the order was closed.
desk-found-guarantee-until = The guarantee lasts until { $day }.
desk-found-payments-differ = { $paid } was paid, and the price is { $price }.
desk-found-nothing-paid = Nothing was paid.
desk-found-refunded-before = { $amount } was paid back before.
desk-found-foreign-refund = { $amount } went back that nobody here decided.
desk-found-dispute-open = A chargeback is open.
desk-found-dispute-lost = A chargeback was lost.
desk-found-login-seen = Somebody logged in to the account.
desk-money = Money
desk-paid-on = Paid { $day }
desk-left = Left
desk-refund-reserved = Refund, reserved
desk-refund-sending = Refund, being sent
desk-refund-unknown = Refund, outcome unknown
desk-refund-pending = Refund, on its way
desk-refund-succeeded = Refund, paid
desk-refund-failed = Refund, failed
desk-refund-cancelled = Refund, called back
desk-deeds = What is done about the order
desk-deed-redeliver = Deliver again
desk-deed-expedite = Hurry
desk-deed-stop = Stop
desk-deed-start = Start by hand
desk-deed-restart = Begin anew
desk-deed-replace = Replace the account
desk-deed-cancel_subscription = End the subscription
desk-command-given = given
desk-command-sending = being given
desk-command-waiting = under way
desk-command-done = done
desk-command-refused = could not be done
desk-command-cancelled = called off
desk-customer = Customer
desk-customer-page = All about this customer
desk-timeline = What happened
desk-who = Who
desk-leaf = Log no.
desk-next-case = Next case
desk-do-refund = Refund { $amount }
desk-do-refund-units = Refund { $amount } for { $units }
desk-do-exchange = Exchange for { $amount }
desk-do-exchange-units = Exchange for { $amount } ({ $units })
desk-do-credit = Store credit { $amount }
desk-do-redeliver = Deliver { $units } again
desk-do-replace = Replace the account { $account }
desk-do-expedite = Hurry the delivery
desk-do-start = Start by hand
desk-do-restart = Begin anew
desk-do-cancel = End the subscription
desk-do-accept-dispute = Accept the chargeback { $dispute }
desk-do-evidence = Answer the chargeback { $dispute } with all records
desk-do-flag = Note that nobody asked before the bank did

desk-event-opened = The case was opened
desk-event-joined = Another request joined it
desk-event-order_awaited = The order is looked for
desk-event-order_found = The order was found
desk-event-investigated = The records were reviewed
desk-event-investigation_ended = The investigation ended
desk-event-check_settled = A check was settled
desk-event-asked = Somebody was asked
desk-event-reminded = A reminder was owed
desk-event-asking_ended = A question ended
desk-event-answered = A fact was answered
desk-event-proof_handed_in = A proof was handed in
desk-event-proof_judged = A proof was looked at
desk-event-proposed = A decision was proposed
desk-event-withdrawn = A proposal was withdrawn
desk-event-accepted = The decision was accepted
desk-event-approved = A second person approved
desk-event-not_approved = A second person did not approve
desk-event-refund_reserved = Money was promised to a refund
desk-event-refund_cancelled = A refund was called back
desk-event-refund_sending = A refund was about to be sent
desk-event-refund_unknown = Nobody knows whether the refund arrived
desk-event-refund_absent = The provider does not have the refund
desk-event-refund_pending = The provider works on the refund
desk-event-refund_succeeded = The provider confirmed the refund
desk-event-refund_failed = The refund failed
desk-event-refund_stuck = A person is asked about the refund
desk-event-command_given = Something is to be done about the order
desk-event-command_sending = Fulfilment is about to be told
desk-event-command_waiting = Fulfilment works on it
desk-event-command_done = It was done
desk-event-command_refused = It could not be done
desk-event-command_cancelled = It was called off
desk-event-credit_granted = Store credit was granted
desk-event-credit_exchanged = Credit became another order
desk-event-credit_withdrawn = Credit was withdrawn
desk-event-task_opened = A task was opened
desk-event-task_ended = A task ended
desk-event-dispute_seen = A chargeback was seen
desk-event-dispute_gone = The chargeback is over
desk-event-appealed = The customer appealed
desk-event-letter_handed = A letter was sent
desk-event-closed = The case was closed
desk-event-reopened = The case was opened again
desk-event-parked = Something broke
desk-event-unparked = A person sent it on its way
desk-event-provider_refund_seen = A refund of others was seen
desk-event-provider_refund_moved = A refund of others moved
desk-event-provider_refund_matched = A refund of others was matched
desk-event-breach_opened = Finance was asked
desk-event-breach_closed = Finance answered
desk-by-system = the desk
desk-by-customer = the customer
desk-by-shop = the shop
desk-by-agent = an agent
desk-by-technical = the technical team
desk-by-finance = finance
desk-by-owner = the owner
desk-by-provider = the payment provider
desk-by-connector = fulfilment

desk-tasks = Tasks
desk-tasks-lead = What people are asked, what is due first first. An answer is taken down at once, and the case goes on by itself.
desk-tasks-none = Nobody is asked anything. Well done.
desk-team-support = Support
desk-team-technical_team = Technical team
desk-team-finance = Finance
desk-team-customer = Customers
desk-teams = Teams
desk-open-case = Open the case

desk-orders = Orders
desk-orders-lead = Find an order by its number.
desk-order-number = Order number
desk-find = Find
desk-order-title = Order { $order }
desk-order-none = There is no order { $order } in the books. Is the number whole?
desk-placed = Placed
desk-start-within = Starts within
desk-guarantee = Guarantee
desk-links = Links
desk-cases = Cases
desk-cases-none = No case is about it.
desk-log = Delivery log
desk-import = Import orders
desk-import-lead = Paste lines (NDJSON), as the shop’s programs send them. First you see what would be taken and what is wrong with the rest; nothing is written before you say so. For large files there is makegood import.
desk-import-lines = Lines
desk-import-look = Look at it
desk-import-take = Take in what is right
desk-import-line = Line
desk-import-wrong = What is wrong

desk-customer-title = Customer
desk-customer-since = Known since { $day }
desk-customer-reference = The shop’s name
desk-customer-mail = E-mail
desk-customer-orders = Orders
desk-customer-none = Nothing is known of this customer beside the case.

desk-lab = Policy
desk-lab-lead = Change the facts and watch the outcome, the questions and the reasons change.
desk-lab-version = Version
desk-lab-facts = Facts
desk-lab-unknown = not known
desk-lab-absent = does not exist
desk-lab-try = Try
desk-lab-result = What comes of it
desk-lab-missing = What can still change it
desk-lab-checks = Checks
desk-lab-checks-none = No gap, no overlap, no dead rule: every case ends at exactly one clause.
desk-lab-page = Read as a page
desk-lab-rules = As rules
desk-lab-tables = As decision tables
desk-lab-wrong = { $fact }: this value cannot be read.

desk-reports = Reports
desk-reports-days = Last { $days } days
desk-reports-period = Period
desk-report-refunded = Paid back
desk-report-reserved = Promised, not yet out
desk-report-opened = Cases opened
desk-report-closed = Cases closed
desk-report-open = Open now
desk-report-automatic = Decided without a person
desk-report-overrides = Decided otherwise than the policy
desk-report-first = First answer, middle
desk-report-first-slow = First answer, slowest tenth
desk-report-resolved = Until decided, middle
desk-report-by-clauses = Refunds by clause
desk-report-by-services = Refunds by service
desk-report-by-claims = Cases by what was wrong
desk-report-by-day = Paid back, day by day
desk-report-delivery = Under-delivery and drops by service
desk-report-repeat = Customers with several refunds
desk-report-csv = Numbers as CSV
desk-report-cases = Cases
desk-report-amount = Amount
desk-report-orders = Orders with a case
desk-report-short = Not delivered
desk-report-dropped = Dropped
desk-report-nothing = Nothing in this period.
desk-here-one = { $names } is here too
desk-told-many = { $count ->
    [one] One decision was accepted.
   *[other] { $count } decisions were accepted.
}
desk-missing = { $count ->
    [one] one fact is missing
   *[other] { $count } facts are missing
}
desk-in-minutes = { $count ->
    [one] 1 min
   *[other] { $count } min
}
desk-in-hours = { $count ->
    [one] 1 hour
   *[other] { $count } hours
}
desk-in-days = { $count ->
    [one] 1 day
   *[other] { $count } days
}
desk-late-minutes = { $count ->
    [one] 1 min late
   *[other] { $count } min late
}
desk-late-hours = { $count ->
    [one] 1 hour late
   *[other] { $count } hours late
}
desk-late-days = { $count ->
    [one] 1 day late
   *[other] { $count } days late
}
desk-found-refunds-recent = { $count ->
    [one] The customer had one refund lately.
   *[other] The customer had { $count } refunds lately.
}
desk-found-same-trouble = { $count ->
    [one] One other order of the service has the same trouble.
   *[other] { $count } other orders of the service have the same trouble.
}
desk-events = { $count ->
    [one] One event, all in the audit log
   *[other] { $count } events, all in the audit log
}
desk-history = { $orders ->
    [0] No other order
    [one] One other order
   *[other] { $orders } other orders
}, { $open ->
    [0] no other open case
    [one] one other open case
   *[other] { $open } other open cases
}, { $refunds ->
    [0] no refund lately
    [one] one refund lately
   *[other] { $refunds } refunds lately
}, { $disputes ->
    [0] never a chargeback
    [one] one chargeback
   *[other] { $disputes } chargebacks
}.
desk-report-at-once = at once
desk-log-started = Started
desk-log-delivered = Delivered
desk-log-count = Counter
desk-log-completed = Completed
desk-log-stop_requested = A stop was asked for
desk-log-stopped = Stopped
desk-log-stop_failed = Could not be stopped
desk-log-redelivery = Delivered again
desk-log-handed_over = Account handed over
desk-log-login = Somebody logged in
desk-wants = wants: { $wants }
desk-came-by = came by { $channel }
desk-import-taken = Taken in.
desk-import-would = So it would be. Nothing is written yet.
desk-import-new = New
desk-import-same = There already
desk-import-not = Not taken
desk-import-conflict = The books say something else of “{ $field }”, and that stays.
desk-thread-person = A colleague
desk-thread-note = Note by { $name }, for us alone
desk-reply = Write to the customer
desk-reply-send = Send as a letter
desk-ask-draft = What is still asked of them (m puts it in)
desk-note = Add a note for colleagues
desk-note-words = Note, which no customer reads
desk-note-keep = Keep the note
desk-assigned-to = Whose work it is
desk-nobody = nobody in particular
desk-assign = Assign
desk-text-missing = Write something, at most 10,000 characters.
desk-event-replied = A person wrote to the customer
desk-settle-first = The records are doubtful. Say below what is with them; then it can be accepted.
desk-frozen = Money went back that nobody here decided. Finance explains it first; until then nothing of this order moves.
desk-me = You
desk-me-proof = How you sign in
desk-me-set = By your name, a password and a code. Here you choose new ones.
desk-me-not-set = So far by a link that counts once. Choose a password, and add the desk to your authenticator.
desk-me-not-fresh = To change this, sign out and in again first; you have ten minutes from then.
desk-me-password = New password
desk-me-password-hint = At least 12 characters. A few plain words are good.
desk-me-app = Add this secret to your authenticator, by hand or with the link:
desk-me-app-open = Open it in the authenticator on this device
desk-me-code-now = The code that it shows now
desk-me-keep = Keep
desk-me-kept = Kept. From now on you sign in with it; everywhere else you are signed out.
desk-me-codes = Codes for a lost telephone
desk-me-codes-why = Print them or keep them somewhere safe: they are shown this once. Each counts once, in place of the code.
desk-me-short = The password is too short: at least 12 characters.
desk-me-long = The password is too long.
desk-me-common = Too many choose this password, or it is your name. Take a few plain words.
desk-me-code = The code does not fit. The secret below is a new one: add it, and write the code that it shows now.
desk-me-likes = How you like it
desk-me-browser = as the browser has it
desk-me-keys = Do single keys do something?
desk-me-sessions = Where you are signed in
desk-me-since = Since { $at }
desk-me-here = here
desk-me-used = last used { $at }
desk-me-end = End it
desk-me-end-others = Sign out everywhere else
desk-settings = Settings
desk-set-values = What is set
desk-set-people = People
desk-set-webhooks = Webhooks
desk-set-tokens = Tokens
desk-set-lead = These are kept in the settings file and in the environment of the program, and are changed there: write the key into its section of the file, or set the variable that stands below it. They count from the next start. Secrets are not shown.
desk-set-key = Key
desk-set-value = Value
desk-set-origin = Set by
desk-set-unset = not set
desk-set-default = as delivered
desk-set-file = { $file }, line { $line }
desk-set-variable = variable { $name }
desk-set-flag = flag { $name }
desk-set-section-server = The program as a server
desk-set-section-store = Where everything is kept
desk-set-section-merchant = Who customers deal with
desk-set-section-desk = Requests and decisions
desk-set-section-money = Brakes on money
desk-set-section-payments = Payment providers
desk-set-section-fulfilment = Fulfilment
desk-set-section-chat = Live chat on your site
desk-set-section-webhooks = Webhooks
desk-set-section-mail = E-mail
desk-set-section-attachments = Attachments
desk-set-section-audit = The audit log
desk-set-section-log = The program’s own log
desk-set-section-privacy = Personal data
desk-set-role = What they do
desk-set-role-agent = Agent: talks with customers and decides
desk-set-role-technical = Technical team: knows what fulfilment can do
desk-set-role-finance = Finance: looks after the money
desk-set-role-owner = Owner: may do everything
desk-set-you = you
desk-set-since = since { $day }
desk-set-gone = no access since { $day }
desk-set-link = New link
desk-set-link-for = New link for { $name }
desk-set-link-of = A link for { $name }
desk-set-link-why = Give it to them by a safe way. It signs them in once, within a day, and is shown only now.
desk-set-disable = Take access away
desk-set-disable-of = Take access away from { $name }
desk-set-disable-why = They are signed out at once, and their tokens count no more. It cannot be taken back.
desk-set-disable-now = Take it away
desk-set-add = Somebody new
desk-set-name = Name
desk-set-name-hint = As colleagues know them. They sign in with it, and it cannot be changed.
desk-set-name-wrong = Write a name on one line, at most 200 characters.
desk-set-name-taken = Somebody of that name is there already, or was. Choose another name.
desk-set-role-missing = Say what they do.
desk-set-add-now = Add them and make a link
desk-set-no-access = They have no access.
desk-set-not-yourself = That is you. Another owner can take your access away.
desk-set-last-owner = They are the last owner. Add another first.
desk-set-tokens-lead = By these, programs and people on the command line ask. New ones are made on the machine: makegood token create.
desk-set-tokens-none = There is no token.
desk-set-token-gone = The token counted no more already.
desk-set-token-over = counts no more
desk-set-unused = never used
desk-set-ends = ends { $day }
desk-set-revoke = Take back
desk-set-revoke-of = Take back { $name }
desk-set-revoke-why = Whatever asks with it is refused at once. It cannot be given again.
desk-set-revoke-now = Take it back
desk-set-webhooks-lead = Where your systems are told of what happens. Endpoints are added over the interface: POST /v1/webhook_endpoints.
desk-set-webhooks-none = There is no endpoint.
desk-set-well = Takes what it is sent.
desk-set-failing = Has taken nothing since { $at }.
desk-set-off-gone = Switched off: it said that it is gone ({ $at }).
desk-set-off-failing = Switched off: it took nothing for five days ({ $at }).
desk-set-off-by_hand = Switched off by somebody ({ $at }).
desk-set-switch-on = Switch on
desk-set-switch-off = Switch off
desk-set-sent-nothing = Nothing was sent yet.
desk-set-sent-state = Became of it
desk-set-sent-tries = Tries
desk-set-sent-waiting = on its way
desk-set-sent-delivered = taken
desk-set-sent-given_up = given up
desk-set-replay = Send again
desk-set-replay-of = Send { $event } again

desk-told-kept = Kept. It stands with the other views.
desk-told-given = { $count ->
    [one] One case assigned.
   *[other] { $count } cases assigned.
}
desk-narrow = Narrow down
desk-narrow-do = Show
desk-all = All
desk-service = Service
desk-view-name = Keep this list as
desk-view-keep = Keep the view
desk-view-forget = Let “{ $name }” go
desk-view-name-wrong = Give the view a name of at most 40 characters, such as “Drops by mail”.
desk-view-too-many = You keep 20 views. Let one go first.
desk-assign-chosen = Assign the chosen

desk-key-standard = Standard replies
desk-set-replies = Standard replies
desk-reply-lead = What you write again and again. At a case it is put into the reply, in the customer’s language, with these fields filled in:
desk-reply-field-case = the case number
desk-reply-field-order = the order number
desk-reply-field-service = the service ordered
desk-reply-field-outcome = what is proposed or decided
desk-reply-field-amount = the amount of that
desk-reply-field-clause = the clause it rests on
desk-reply-field-agent = the name of whoever writes
desk-reply-name = Name
desk-reply-danish = Words in Danish
desk-reply-english = Words in English
desk-reply-keep = Keep
desk-reply-remove = Remove
desk-reply-new = A new one
desk-reply-name-wrong = Give it a name of at most 80 characters, on one line.
desk-reply-words-wrong = Write at most 4,000 characters in each language.
desk-reply-field-wrong = No case knows the field “{ $field }”. The fields there are stand above.
desk-reply-taken = Another one is called “{ $name }”. Choose another name.

desk-told-merged = Put together. What the customer wrote goes on in the other case.
desk-told-split = It is a case of its own now. A note below says which.
desk-merge = Put together
desk-merge-why = What the customer wrote and sent goes over to the other case. This one ends without a decision, and the customer is told.
desk-merge-into = With case
desk-merge-unknown = There is no such case. Write its number, such as MG-1042.
desk-merge-same = That is this case. Write the number of another one.
desk-merge-strangers = Only cases of one customer are put together. That one is somebody else’s, or nobody knows whose.
desk-merge-closed = That case is closed. Put that one together with this one instead.
desk-split = Split off
desk-split-why = The customer’s words ask anew, about another order or with another claim.
desk-split-message = Message of
desk-split-order = About order
desk-split-order-missing = Write which order it is about.
desk-split-message-missing = Choose a message of the customer’s.

desk-told-drafted = The draft is kept. Somebody else approves it.
desk-told-published = Approved. It judges orders placed from its day on.
desk-told-withdrawn = Withdrawn.
desk-drafts = Drafts
desk-drafts-lead = A new version of the policy comes into force on the day that it is called by. It is read, checked and held against the version before it; then somebody who did not write it approves it.
desk-drafts-none = Nobody has handed in a draft yet.
desk-draft-new = Hand in a draft
desk-draft-source = The page in its own language
desk-draft-translation = Its translation
desk-draft-as-text = Or paste the text
desk-draft-add = Hand in
desk-draft-of = Draft: { $version }
desk-draft-waits = Waits for approval
desk-draft-approved = Approved, not yet in force
desk-draft-in-force = In force
desk-draft-withdrawn = Withdrawn
desk-draft-by = Written by { $name }, { $at }.
desk-draft-approved-by = Approved by { $name }, { $at }.
desk-draft-approve = Approve: { $version }
desk-draft-withdraw = Withdraw
desk-draft-against = What it decides otherwise: held against { $version }
desk-draft-alike = Nothing. Every possible case ends as before.
desk-draft-when = When
desk-draft-before = Before
desk-draft-after = After
desk-draft-clause-only = the same outcome under another clause
desk-draft-more = { $count ->
    [one] One more class of cases is decided otherwise.
   *[other] { $count } more classes of cases are decided otherwise.
}
desk-draft-not-readable = The draft cannot be read as it is. What is wrong stands below, each with its place; nothing was kept.
desk-draft-not-same = Name the policy `{ $what }` in the first lines, as the versions before it do.
desk-draft-not-translated = There is no page in `{ $what }`, and customers read the policy in it. Hand in its translation too.
desk-draft-not-a-day = `{ $what }` is no day. Write the version as the day from which it is in force, such as 2027-01-31.
desk-draft-not-new = There is a version of { $what } already. Choose another day.
desk-draft-not-later = { $what } is not after today. Orders that are placed already keep the version that they were placed under; choose a later day.
desk-draft-not-owner = An owner approves it.
desk-draft-not-own = You wrote it: somebody else approves it.
desk-draft-not-pinned = The settings name one version that judges every order (`desk.policy`), so no other one would come into force. Name the policy without a version there first.
desk-draft-not-sound = Its checks find something that has to be put right first.
desk-draft-not-open = It was approved or withdrawn meanwhile.

desk-prove = Show that it is you
desk-prove-amount = This is more than { $amount }, so the desk asks who you are once more. What you wrote is kept and is done right afterwards.
desk-prove-why = For large amounts the desk asks who you are, if you have not shown it for a quarter of an hour.
desk-prove-wrong = Password and code do not fit together, or were tried too often. Wait a minute and try again; every code counts once.
desk-prove-unset = You have no password yet. Set one, and a code, on your own page; then large amounts are yours to decide.
desk-prove-do = It is me
