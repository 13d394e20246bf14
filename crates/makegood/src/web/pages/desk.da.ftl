# Konsollens tekster på dansk. `desk.en.ftl` har de samme på engelsk; en test sammenligner dem.

desk-nav-queue = Kø
desk-nav-tasks = Opgaver
desk-nav-orders = Ordrer
desk-nav-policy = Politik
desk-nav-reports = Rapporter
desk-search = Søg i sager
desk-search-hint = Sag, ordre, e-mail, ord
desk-sign-out = Log ud
desk-keys = Taster
desk-keys-hint = Tryk ? for tasterne.
desk-close-dialog = Luk
desk-key-move = Næste og forrige sag
desk-key-open = Åbn sagen
desk-key-tick = Vælg sagen
desk-key-many = Godkend de valgte
desk-key-accept = Godkend
desk-key-otherwise = Afgør anderledes
desk-key-ask = Spørg om det, der mangler
desk-key-reply = Skriv til kunden
desk-key-evidence = Gå til beviserne
desk-key-undo = Kald refusionen tilbage
desk-key-next = Næste sag i visningen
desk-key-search = Søg
desk-key-go = Gå til: q kø, t opgaver, o ordrer, p politik, r rapporter
desk-key-help = Vis dette

desk-queue = Kø
desk-views = Visninger
desk-view-ready = Klar til afgørelse
desk-view-mine = Mine
desk-view-soon = Frist inden for en time
desk-view-waiting = Venter på kunder
desk-view-technical = Teknisk team
desk-view-approvals = Skal godkendes
desk-view-disputes = Indsigelser
desk-view-parked = Parkeret
desk-view-open = Alle åbne
desk-view-closed = Lukkede
desk-queue-empty = Her er ikke noget. Alt i denne visning er klaret.
desk-search-nothing = Intet passer til “{ $words }”. Prøv sagens nummer, hele ordrenummeret eller kundens e-mail.
desk-choose = Vælg
desk-choose-one = Vælg MG-{ $number }
desk-col-case = Sag
desk-col-what = Hvad er galt
desk-col-proposed = Forslag
desk-col-amount = Beløb
desk-col-due = Frist
desk-col-channel = Kom ad
desk-col-person = Person
desk-accept-chosen = Godkend de valgte
desk-more = Flere
desk-nothing-chosen = Vælg først sagerne.
desk-changed-meanwhile = Den er ændret, siden du så den. Åbn den, og se igen.
desk-channel-form = formular
desk-channel-chat = chat
desk-channel-email = mail
desk-channel-api = butik
desk-stage-waiting_for_order = Leder efter ordren
desk-stage-investigating = Undersøges
desk-stage-waiting_for_customer = Venter på kunden
desk-stage-ready_to_decide = Klar til afgørelse
desk-stage-waiting_for_approval = Venter på en anden person
desk-stage-remedying = Bliver bragt i orden
desk-stage-closed = Lukket
desk-stage-parked = Parkeret
desk-outcome-refund = Fuld refusion
desk-outcome-partial_refund = Delvis refusion
desk-outcome-support_resolution = Bringes i orden
desk-outcome-declined = Ingen refusion
desk-outcome-needs_information = Mere skal bruges
desk-outcome-review = Til en person
desk-outcome-contest = Svar banken
desk-outcome-concede = Accepter tilbageførslen

desk-told-accepted = Godkendt. Pengene venter et øjeblik: u kalder dem tilbage.
desk-told-approved = Godkendt.
desk-told-not-approved = Ikke godkendt. Den går tilbage til den, der afgør.
desk-told-decided = Afgjort, som du skrev.
desk-told-replied = Dine ord er på vej til kunden.
desk-told-noted = Noteret.
desk-told-assigned = Tildelt.
desk-told-closed = Lukket.
desk-told-judged = Noteret. Hvad det ændrer, står nedenfor.
desk-told-checked = Noteret. Hvad det ændrer, står nedenfor.
desk-told-answered = Besvaret. Hvad det ændrer, står nedenfor.
desk-told-done = Klaret.
desk-told-undone = Kaldt tilbage. Intet er sendt.
desk-told-unparked = På vej igen.

desk-form-wrong = Formularen kan ikke forstås. Indlæs siden igen, og prøv en gang til.
desk-number-wrong = Skriv et helt tal.
desk-reason-missing = Skriv hvorfor. Det står i loggen, og andre læser det.
desk-reason-long = Det er for langt: højst 2.000 tegn.
desk-service-missing = Skriv, hvilken service den nye ordre er på.
desk-answer-missing = Svar ja eller nej.
desk-country-wrong = Skriv landet med to bogstaver, for eksempel DK.
desk-share-wrong = Skriv en andel fra 0 til 100, for eksempel 62,5.
desk-amount-wrong = Skriv et beløb som 9,75.
desk-outcome-missing = Vælg et udfald.
desk-clause-missing = Vælg det punkt, det hviler på.
desk-not-yours = Det gør en anden: din rolle giver ikke lov til det.

desk-case = Sag
desk-case-title = Sag MG-{ $number }
desk-order-unknown = Ordren kendes ikke endnu.
desk-tile-outcome = Forslag
desk-tile-delivered = Leveret af bestilt
desk-tile-clock = Frist i politikken
desk-tile-chargeback = Tilbageførsel
desk-tile-due = Svar senest
desk-tile-clause = Punkt
desk-yes = Ja
desk-no = Nej
desk-nothing-due = ingen frist
desk-none-dropped = intet faldet
desk-dropped = { $units } faldet igen
desk-guarantee-until = Garanti til { $day }
desk-start-overdue = Start skulle ske { $day }
desk-start-due = Start senest { $day }
desk-no-clock = ingen løber
desk-parked = Noget gik i stykker her, og intet rører sig, før nogen har set på det
desk-unpark = Send den videre
desk-decision = Afgørelse
desk-decision-proposed = Foreslået og venter på dig
desk-decision-waits = Godkendt og venter på en anden person
desk-decision-stands = Afgjort og fortalt til kunden
desk-decision-replaced = Erstattet af en senere
desk-no-decision = Intet kan afgøres endnu: noget, der betyder noget, mangler stadig.
desk-accept = Godkend
desk-approve = Godkend som den anden person
desk-not-approve = Godkend ikke
desk-undo = Kald refusionen tilbage
desk-by-a-person = en person afgjorde det sådan: { $reason }
desk-clause-of = Punkt { $clause }
desk-because = Hvorfor
desk-suggestions = At vælge imellem
desk-asks = Vi spørger { $who }
desk-whom-customer = kunden
desk-whom-support = support
desk-whom-technical_team = det tekniske team
desk-whom-finance = økonomi
desk-start-count = Tælleren før ordren
desk-count-now = Tælleren nu
desk-units-a-day = Lovede enheder om dagen
desk-answer = Svar
desk-settle-check = Afklar: { $check }
desk-what-found = Hvad fandt du?
desk-sound = Oplysningerne holder
desk-unsound = De holder ikke
desk-otherwise = Afgør anderledes
desk-outcome = Udfald
desk-refund-amount = Refusion i { $currency }
desk-for-units = For hvor mange enheder
desk-credit-amount = Butikskredit i { $currency }
desk-redeliver-units = Enheder at levere igen
desk-clause-chosen = Punkt, det hviler på
desk-why = Hvorfor?
desk-decide-so = Afgør sådan
desk-close-case = Luk uden afgørelse
desk-delivery = Levering
desk-judged-at = Som det stod, da der blev afgjort, { $at }.
desk-conversation = Samtale
desk-thread-customer = Kunden
desk-thread-proof = Et bevis fra kunden
desk-evidence = Beviser
desk-proof-alt = Indsendt: { $name }
desk-proof-audience_statistics = Statistik over målgruppen
desk-proof-account_fault = Fejl ved en konto
desk-proof-proxy = Proxy
desk-proof-other = Andet
desk-proof-waiting = venter på, at nogen ser på det
desk-proof-accepted = godtaget
desk-proof-rejected = ikke godtaget: { $reason }
desk-share = Andel i den solgte målgruppe, i procent
desk-fault-seen = Kan fejlen ses?
desk-proxy-used = Blev der brugt en proxy?
desk-country = I hvilket land står den?
desk-reject-reason = Hvis det ikke godtages: hvorfor?
desk-proof-accept = Det viser det
desk-proof-reject = Det gør det ikke
desk-to-do = Skal gøres
desk-task-done = Det er gjort
desk-new-order = Den nye ordres nummer
desk-new-service = Service, den er på
desk-what-done = Hvad blev der gjort?
desk-todo-accept = Se på den foreslåede afgørelse{ $about }
desk-todo-approve = Godkend, hvad en kollega har godkendt{ $about }
desk-todo-verify = Efterse: { $about }
desk-todo-review = Afgør, hvad politikken overlader til mennesker{ $about }
desk-todo-command = Udfør det, der blev afgjort (nr. { $about })
desk-todo-refund_stuck = Find ud af, hvad der blev af refusion { $about }
desk-todo-refund_failed = Find en anden måde at betale refusion { $about }
desk-todo-dispute = Svar på tilbageførslen { $about }
desk-todo-exchange = Bliv enig med kunden om noget andet{ $about }
desk-todo-command_refused = Noget, der var lovet, kunne ikke gøres (nr. { $about })
desk-todo-message = Læs, hvad kunden skrev{ $about }
desk-records = Oplysninger
desk-check-delivery_log = Leveringslog
desk-check-account_activity = Kontoaktivitet
desk-check-internal_records = Interne oplysninger
desk-check-not-yet = ikke set på endnu
desk-check-sound = holder
desk-check-doubtful = tvivlsom
desk-check-settled-sound = afklaret: holder
desk-check-settled-unsound = afklaret: holder ikke
desk-found-start-overdue = Den skulle være startet senest { $day } og er det ikke.
desk-found-start-not-due = Den er ikke startet; fristen er { $day }.
desk-found-start-late = Den startede for sent, { $day }.
desk-found-start-in-time = Den startede til tiden, { $day }.
desk-found-delivered = { $delivered } leveret og { $dropped } faldet igen, af { $ordered }.
desk-found-counts-unknown = Ingen ved, hvad tælleren viste.
desk-found-behind = Den er langsommere end lovet.
desk-found-below-start = Tælleren står under, hvor den startede.
desk-found-gap = Loggen er tavs i { $hours } timer fra { $at }.
desk-found-from-the-future = Loggen har poster fra fremtiden.
desk-found-after-closing = Loggen går videre, efter at ordren blev lukket.
desk-found-guarantee-until = Garantien gælder til { $day }.
desk-found-payments-differ = { $paid } er betalt, og prisen er { $price }.
desk-found-nothing-paid = Intet er betalt.
desk-found-refunded-before = { $amount } er betalt tilbage før.
desk-found-foreign-refund = { $amount } gik tilbage, som ingen her har afgjort.
desk-found-dispute-open = En tilbageførsel er åben.
desk-found-dispute-lost = En tilbageførsel blev tabt.
desk-found-login-seen = Nogen har logget ind på kontoen.
desk-money = Penge
desk-paid-on = Betalt { $day }
desk-left = Tilbage
desk-refund-reserved = Refusion, reserveret
desk-refund-sending = Refusion, sendes
desk-refund-unknown = Refusion, udfald ukendt
desk-refund-pending = Refusion, på vej
desk-refund-succeeded = Refusion, betalt
desk-refund-failed = Refusion, mislykket
desk-refund-cancelled = Refusion, kaldt tilbage
desk-deeds = Hvad der gøres ved ordren
desk-deed-redeliver = Lever igen
desk-deed-expedite = Skynd på
desk-deed-stop = Stop
desk-deed-start = Start manuelt
desk-deed-restart = Begynd forfra
desk-deed-replace = Udskift kontoen
desk-deed-cancel_subscription = Afslut abonnementet
desk-command-given = givet
desk-command-sending = gives
desk-command-waiting = i gang
desk-command-done = udført
desk-command-refused = kunne ikke gøres
desk-command-cancelled = aflyst
desk-customer = Kunde
desk-customer-page = Alt om denne kunde
desk-timeline = Hvad der er sket
desk-who = Hvem
desk-leaf = Log-nr.
desk-next-case = Næste sag
desk-do-refund = Refusion { $amount }
desk-do-refund-units = Refusion { $amount } for { $units }
desk-do-exchange = Ombytning for { $amount }
desk-do-exchange-units = Ombytning for { $amount } ({ $units })
desk-do-credit = Butikskredit { $amount }
desk-do-redeliver = Lever { $units } igen
desk-do-replace = Udskift kontoen { $account }
desk-do-expedite = Skynd på leveringen
desk-do-start = Start manuelt
desk-do-restart = Begynd forfra
desk-do-cancel = Afslut abonnementet
desk-do-accept-dispute = Accepter tilbageførslen { $dispute }
desk-do-evidence = Svar på tilbageførslen { $dispute } med alle oplysninger
desk-do-flag = Notér, at ingen spurgte før banken

desk-event-opened = Sagen blev åbnet
desk-event-joined = En henvendelse mere kom til
desk-event-order_awaited = Ordren eftersøges
desk-event-order_found = Ordren blev fundet
desk-event-investigated = Oplysningerne blev gennemgået
desk-event-investigation_ended = Undersøgelsen sluttede
desk-event-check_settled = Et eftersyn blev afklaret
desk-event-asked = Nogen blev spurgt
desk-event-reminded = En påmindelse var på vej
desk-event-asking_ended = Et spørgsmål sluttede
desk-event-answered = Et faktum blev besvaret
desk-event-proof_handed_in = Et bevis blev indsendt
desk-event-proof_judged = Et bevis blev vurderet
desk-event-proposed = En afgørelse blev foreslået
desk-event-withdrawn = Et forslag blev trukket tilbage
desk-event-accepted = Afgørelsen blev godkendt
desk-event-approved = En anden person godkendte
desk-event-not_approved = En anden person godkendte ikke
desk-event-refund_reserved = Penge blev reserveret til en refusion
desk-event-refund_cancelled = En refusion blev kaldt tilbage
desk-event-refund_sending = En refusion var ved at blive sendt
desk-event-refund_unknown = Ingen ved, om refusionen kom frem
desk-event-refund_absent = Udbyderen har ikke refusionen
desk-event-refund_pending = Udbyderen arbejder på refusionen
desk-event-refund_succeeded = Udbyderen bekræftede refusionen
desk-event-refund_failed = Refusionen mislykkedes
desk-event-refund_stuck = En person bliver spurgt om refusionen
desk-event-command_given = Noget skal gøres ved ordren
desk-event-command_sending = Leverancen er ved at få besked
desk-event-command_waiting = Leverancen arbejder på det
desk-event-command_done = Det blev gjort
desk-event-command_refused = Det kunne ikke gøres
desk-event-command_cancelled = Det blev aflyst
desk-event-credit_granted = Butikskredit blev givet
desk-event-credit_exchanged = Kredit blev til en anden ordre
desk-event-credit_withdrawn = Kredit blev trukket tilbage
desk-event-task_opened = En opgave blev åbnet
desk-event-task_ended = En opgave sluttede
desk-event-dispute_seen = En tilbageførsel blev set
desk-event-dispute_gone = Tilbageførslen er forbi
desk-event-appealed = Kunden klagede over afgørelsen
desk-event-letter_handed = Et brev blev sendt
desk-event-closed = Sagen blev lukket
desk-event-reopened = Sagen blev åbnet igen
desk-event-parked = Noget gik i stykker
desk-event-unparked = En person sendte den videre
desk-event-provider_refund_seen = En andens refusion blev set
desk-event-provider_refund_moved = En andens refusion ændrede sig
desk-event-provider_refund_matched = En andens refusion blev koblet
desk-event-breach_opened = Økonomi blev spurgt
desk-event-breach_closed = Økonomi svarede
desk-by-system = desken
desk-by-customer = kunden
desk-by-shop = butikken
desk-by-agent = en medarbejder
desk-by-technical = det tekniske team
desk-by-finance = økonomi
desk-by-owner = ejeren
desk-by-provider = betalingsudbyderen
desk-by-connector = leverancen

desk-tasks = Opgaver
desk-tasks-lead = Hvad folk bliver spurgt om; det, der haster mest, først. Et svar noteres straks, og sagen går videre af sig selv.
desk-tasks-none = Ingen bliver spurgt om noget. Godt klaret.
desk-team-support = Support
desk-team-technical_team = Teknisk team
desk-team-finance = Økonomi
desk-team-customer = Kunder
desk-teams = Team
desk-open-case = Åbn sagen

desk-orders = Ordrer
desk-orders-lead = Find en ordre på dens nummer.
desk-order-number = Ordrenummer
desk-find = Find
desk-order-title = Ordre { $order }
desk-order-none = Der er ingen ordre { $order } i bøgerne. Er nummeret helt?
desk-placed = Bestilt
desk-start-within = Starter inden for
desk-guarantee = Garanti
desk-links = Links
desk-cases = Sager
desk-cases-none = Ingen sag handler om den.
desk-log = Leveringslog
desk-import = Importér ordrer
desk-import-lead = Indsæt linjer (NDJSON), som butikkens programmer sender dem. Først ser du, hvad der ville blive taget ind, og hvad der er galt med resten; intet skrives, før du siger til. Til store filer er der makegood import.
desk-import-lines = Linjer
desk-import-look = Se på den
desk-import-take = Tag det rigtige ind
desk-import-line = Linje
desk-import-wrong = Hvad er galt

desk-customer-title = Kunde
desk-customer-since = Kendt siden { $day }
desk-customer-reference = Butikkens navn
desk-customer-mail = E-mail
desk-customer-orders = Ordrer
desk-customer-none = Intet vides om denne kunde ud over sagen.

desk-lab = Politik
desk-lab-lead = Skift fakta, og se udfald, spørgsmål og begrundelser ændre sig.
desk-lab-version = Version
desk-lab-facts = Fakta
desk-lab-unknown = vides ikke
desk-lab-absent = findes ikke
desk-lab-try = Prøv
desk-lab-result = Hvad der kommer ud af det
desk-lab-missing = Hvad der stadig kan ændre det
desk-lab-checks = Eftersyn
desk-lab-checks-none = Intet hul, intet overlap, ingen død regel: hver sag ender ved netop ét punkt.
desk-lab-page = Læs som side
desk-lab-rules = Som regler
desk-lab-tables = Som beslutningstabeller
desk-lab-wrong = { $fact }: værdien kan ikke læses.

desk-reports = Rapporter
desk-reports-days = Sidste { $days } dage
desk-reports-period = Periode
desk-report-refunded = Betalt tilbage
desk-report-reserved = Lovet, ikke ude endnu
desk-report-opened = Åbnede sager
desk-report-closed = Lukkede sager
desk-report-open = Åbne nu
desk-report-automatic = Afgjort uden en person
desk-report-overrides = Afgjort anderledes end politikken
desk-report-first = Første svar, midterste
desk-report-first-slow = Første svar, langsomste tiendedel
desk-report-resolved = Til afgørelse, midterste
desk-report-by-clauses = Refusioner efter punkt
desk-report-by-services = Refusioner efter service
desk-report-by-claims = Sager efter hvad der var galt
desk-report-by-day = Betalt tilbage dag for dag
desk-report-delivery = Underlevering og fald efter service
desk-report-repeat = Kunder med flere refusioner
desk-report-csv = Tallene som CSV
desk-report-cases = Sager
desk-report-amount = Beløb
desk-report-orders = Ordrer med en sag
desk-report-short = Ikke leveret
desk-report-dropped = Faldet
desk-report-nothing = Intet i denne periode.
desk-here-one = { $names } er her også
desk-told-many = { $count ->
    [one] Én afgørelse blev godkendt.
   *[other] { $count } afgørelser blev godkendt.
}
desk-missing = { $count ->
    [one] ét faktum mangler
   *[other] { $count } fakta mangler
}
desk-in-minutes = { $count ->
    [one] 1 min
   *[other] { $count } min
}
desk-in-hours = { $count ->
    [one] 1 time
   *[other] { $count } timer
}
desk-in-days = { $count ->
    [one] 1 dag
   *[other] { $count } dage
}
desk-late-minutes = { $count ->
    [one] 1 min for sent
   *[other] { $count } min for sent
}
desk-late-hours = { $count ->
    [one] 1 time for sent
   *[other] { $count } timer for sent
}
desk-late-days = { $count ->
    [one] 1 dag for sent
   *[other] { $count } dage for sent
}
desk-found-refunds-recent = { $count ->
    [one] Kunden har fået én refusion for nylig.
   *[other] Kunden har fået { $count } refusioner for nylig.
}
desk-found-same-trouble = { $count ->
    [one] Én anden ordre på servicen har samme problem.
   *[other] { $count } andre ordrer på servicen har samme problem.
}
desk-events = { $count ->
    [one] Én hændelse, i revisionsloggen
   *[other] { $count } hændelser, alle i revisionsloggen
}
desk-history = { $orders ->
    [0] Ingen andre ordrer
    [one] Én anden ordre
   *[other] { $orders } andre ordrer
}, { $open ->
    [0] ingen anden åben sag
    [one] én anden åben sag
   *[other] { $open } andre åbne sager
}, { $refunds ->
    [0] ingen refusion for nylig
    [one] én refusion for nylig
   *[other] { $refunds } refusioner for nylig
}, { $disputes ->
    [0] aldrig en tilbageførsel
    [one] én tilbageførsel
   *[other] { $disputes } tilbageførsler
}.
desk-report-at-once = straks
desk-log-started = Startet
desk-log-delivered = Leveret
desk-log-count = Tæller
desk-log-completed = Afsluttet
desk-log-stop_requested = Stop ønsket
desk-log-stopped = Stoppet
desk-log-stop_failed = Kunne ikke stoppes
desk-log-redelivery = Leveret igen
desk-log-handed_over = Konto udleveret
desk-log-login = Nogen loggede ind
desk-wants = ønsker: { $wants }
desk-came-by = kom ad: { $channel }
desk-import-taken = Taget ind.
desk-import-would = Sådan ville det blive. Intet er skrevet endnu.
desk-import-new = Nye
desk-import-same = Der i forvejen
desk-import-not = Ikke taget ind
desk-import-conflict = Bøgerne siger noget andet om “{ $field }”, og det bliver stående.
desk-thread-person = En kollega
desk-thread-note = Notat af { $name }, kun til os
desk-reply = Skriv til kunden
desk-reply-send = Send som brev
desk-ask-draft = Hvad de stadig bliver spurgt om (m sætter det ind)
desk-note = Tilføj et notat til kolleger
desk-note-words = Notat, som ingen kunde læser
desk-note-keep = Gem notatet
desk-assigned-to = Hvis arbejde det er
desk-nobody = ingen bestemt
desk-assign = Tildel
desk-text-missing = Skriv noget, højst 10.000 tegn.
desk-event-replied = En person skrev til kunden
desk-settle-first = Oplysningerne er tvivlsomme. Sig nedenfor, hvad der er med dem; så kan der godkendes.
desk-frozen = Der gik penge tilbage, som ingen her har afgjort. Økonomi forklarer det først; indtil da rører intet på denne ordre sig.
desk-me = Dig
desk-me-proof = Sådan logger du ind
desk-me-set = Med dit navn, en adgangskode og en kode. Her vælger du nye.
desk-me-not-set = Indtil nu med et link, der gælder én gang. Vælg en adgangskode, og tilføj desken i din kodeapp.
desk-me-not-fresh = For at ændre det skal du først logge ud og ind igen; så har du ti minutter.
desk-me-password = Ny adgangskode
desk-me-password-hint = Mindst 12 tegn. Nogle få almindelige ord er godt.
desk-me-app = Tilføj denne hemmelighed i din kodeapp, i hånden eller med linket:
desk-me-app-open = Åbn den i kodeappen på denne enhed
desk-me-code-now = Koden, den viser nu
desk-me-keep = Gem
desk-me-kept = Gemt. Fra nu af logger du ind med det; alle andre steder er du logget ud.
desk-me-codes = Koder til en mistet telefon
desk-me-codes-why = Print dem, eller gem dem et sikkert sted: de vises kun nu. Hver gælder én gang i stedet for koden.
desk-me-short = Adgangskoden er for kort: mindst 12 tegn.
desk-me-long = Adgangskoden er for lang.
desk-me-common = For mange vælger den adgangskode, eller den er dit navn. Tag nogle få almindelige ord.
desk-me-code = Koden passer ikke. Hemmeligheden nedenfor er ny: tilføj den, og skriv koden, den viser nu.
desk-me-likes = Sådan kan du lide det
desk-me-browser = som browseren har det
desk-me-keys = Gør enkelte taster noget?
desk-me-sessions = Hvor du er logget ind
desk-me-since = Siden { $at }
desk-me-here = her
desk-me-used = sidst brugt { $at }
desk-me-end = Afslut
desk-me-end-others = Log ud alle andre steder
desk-settings = Indstillinger
desk-set-values = Hvad der er sat
desk-set-people = Personer
desk-set-webhooks = Webhooks
desk-set-tokens = Tokens
desk-set-lead = De ligger i indstillingsfilen og i programmets miljø og ændres dér: skriv nøglen i dens afsnit i filen, eller sæt den variabel, der står under den. De gælder fra næste start. Hemmeligheder vises ikke.
desk-set-key = Nøgle
desk-set-value = Værdi
desk-set-origin = Sat af
desk-set-unset = ikke sat
desk-set-default = som leveret
desk-set-file = { $file }, linje { $line }
desk-set-variable = variablen { $name }
desk-set-flag = flaget { $name }
desk-set-section-server = Programmet som server
desk-set-section-store = Hvor alt ligger
desk-set-section-merchant = Hvem kunderne handler med
desk-set-section-desk = Henvendelser og afgørelser
desk-set-section-money = Bremser på penge
desk-set-section-payments = Betalingsudbydere
desk-set-section-fulfilment = Levering
desk-set-section-chat = Chat på jeres websted
desk-set-section-webhooks = Webhooks
desk-set-section-mail = E-mail
desk-set-section-attachments = Vedhæftede filer
desk-set-section-audit = Revisionsloggen
desk-set-section-log = Programmets egen log
desk-set-section-privacy = Personoplysninger
desk-set-role = Hvad de gør
desk-set-role-agent = Medarbejder: taler med kunder og afgør
desk-set-role-technical = Teknisk team: ved, hvad leveringen kan
desk-set-role-finance = Økonomi: passer på pengene
desk-set-role-owner = Ejer: må alt
desk-set-you = dig
desk-set-since = siden { $day }
desk-set-gone = uden adgang siden { $day }
desk-set-link = Nyt link
desk-set-link-for = Nyt link til { $name }
desk-set-link-of = Et link til { $name }
desk-set-link-why = Giv dem det ad en sikker vej. Det logger dem ind én gang inden for et døgn og vises kun nu.
desk-set-disable = Fjern adgang
desk-set-disable-of = Fjern adgang for { $name }
desk-set-disable-why = De logges ud med det samme, og deres tokens gælder ikke mere. Det kan ikke tages tilbage.
desk-set-disable-now = Fjern den
desk-set-add = En ny
desk-set-name = Navn
desk-set-name-hint = Som kollegerne kender dem. De logger ind med det, og det kan ikke ændres.
desk-set-name-wrong = Skriv et navn på én linje, højst 200 tegn.
desk-set-name-taken = Der er allerede en med det navn, eller der var. Vælg et andet navn.
desk-set-role-missing = Sig, hvad de gør.
desk-set-add-now = Tilføj, og lav et link
desk-set-no-access = De har ikke adgang.
desk-set-not-yourself = Det er dig. En anden ejer kan fjerne din adgang.
desk-set-last-owner = De er den sidste ejer. Tilføj en anden først.
desk-set-tokens-lead = Med dem spørger programmer og folk på kommandolinjen. Nye laves på maskinen: makegood token create.
desk-set-tokens-none = Der er ingen token.
desk-set-token-gone = Tokenen gjaldt allerede ikke mere.
desk-set-token-over = gælder ikke mere
desk-set-unused = aldrig brugt
desk-set-ends = udløber { $day }
desk-set-revoke = Tag tilbage
desk-set-revoke-of = Tag { $name } tilbage
desk-set-revoke-why = Hvad der spørger med den, afvises med det samme. Den kan ikke gives igen.
desk-set-revoke-now = Tag den tilbage
desk-set-webhooks-lead = Her får dine systemer at vide, hvad der sker. Adresser tilføjes over grænsefladen: POST /v1/webhook_endpoints.
desk-set-webhooks-none = Der er ingen adresse.
desk-set-well = Tager imod, hvad der sendes.
desk-set-failing = Har ikke taget imod noget siden { $at }.
desk-set-off-gone = Slået fra: den sagde, at den er væk ({ $at }).
desk-set-off-failing = Slået fra: den tog ikke imod noget i fem dage ({ $at }).
desk-set-off-by_hand = Slået fra af en person ({ $at }).
desk-set-switch-on = Slå til
desk-set-switch-off = Slå fra
desk-set-sent-nothing = Der er ikke sendt noget endnu.
desk-set-sent-state = Blev til
desk-set-sent-tries = Forsøg
desk-set-sent-waiting = på vej
desk-set-sent-delivered = taget imod
desk-set-sent-given_up = opgivet
desk-set-replay = Send igen
desk-set-replay-of = Send { $event } igen

desk-told-kept = Gemt. Den står ved de andre visninger.
desk-told-given = { $count ->
    [one] Én sag er tildelt.
   *[other] { $count } sager er tildelt.
}
desk-narrow = Afgræns
desk-narrow-do = Vis
desk-all = Alle
desk-service = Ydelse
desk-view-name = Gem denne liste som
desk-view-keep = Gem visningen
desk-view-forget = Glem “{ $name }”
desk-view-name-wrong = Giv visningen et navn på højst 40 tegn, for eksempel “Fald pr. mail”.
desk-view-too-many = Du har 20 visninger. Glem en af dem først.
desk-assign-chosen = Tildel de valgte

desk-key-standard = Standardsvar
desk-set-replies = Standardsvar
desk-reply-lead = Det I skriver igen og igen. På en sag sættes det ind i svaret på kundens sprog, med disse felter udfyldt:
desk-reply-field-case = sagens nummer
desk-reply-field-order = ordrens nummer
desk-reply-field-service = den bestilte ydelse
desk-reply-field-outcome = hvad der er foreslået eller afgjort
desk-reply-field-amount = beløbet i det
desk-reply-field-clause = punktet det bygger på
desk-reply-field-agent = navnet på den, der skriver
desk-reply-name = Navn
desk-reply-danish = Ordene på dansk
desk-reply-english = Ordene på engelsk
desk-reply-keep = Gem
desk-reply-remove = Fjern
desk-reply-new = Et nyt
desk-reply-name-wrong = Giv det et navn på højst 80 tegn på én linje.
desk-reply-words-wrong = Skriv højst 4.000 tegn på hvert sprog.
desk-reply-field-wrong = Ingen sag kender feltet “{ $field }”. De felter, der findes, står ovenfor.
desk-reply-taken = Et andet hedder “{ $name }”. Vælg et andet navn.

desk-told-merged = Samlet. Det, kunden skrev, fortsætter i den anden sag.
desk-told-split = Det er nu en sag for sig. En note nedenfor siger hvilken.
desk-merge = Saml med en anden
desk-merge-why = Det, kunden har skrevet og sendt, flytter over i den anden sag. Denne ender uden afgørelse, og kunden får besked.
desk-merge-into = Med sag
desk-merge-unknown = Den sag findes ikke. Skriv dens nummer, for eksempel MG-1042.
desk-merge-same = Det er denne sag. Skriv nummeret på en anden.
desk-merge-strangers = Kun sager fra samme kunde kan samles. Den er en andens, eller ingen ved hvis.
desk-merge-closed = Den sag er lukket. Saml den med denne i stedet.
desk-split = Del fra
desk-split-why = Kundens ord spørger på ny, om en anden ordre eller med et andet krav.
desk-split-message = Besked fra
desk-split-order = Om ordre
desk-split-order-missing = Skriv hvilken ordre det handler om.
desk-split-message-missing = Vælg en af kundens beskeder.

desk-told-drafted = Udkastet er gemt. En anden godkender det.
desk-told-published = Godkendt. Den gælder for ordrer, der afgives fra dens dag.
desk-told-withdrawn = Trukket tilbage.
desk-drafts = Udkast
desk-drafts-lead = En ny version af politikken træder i kraft på den dag, den er opkaldt efter. Den læses, kontrolleres og holdes op mod versionen før den; så godkender en, der ikke har skrevet den.
desk-drafts-none = Ingen har afleveret et udkast endnu.
desk-draft-new = Aflever et udkast
desk-draft-source = Siden på sit eget sprog
desk-draft-translation = Oversættelsen
desk-draft-as-text = Eller indsæt teksten
desk-draft-add = Aflever
desk-draft-of = Udkast: { $version }
desk-draft-waits = Venter på godkendelse
desk-draft-approved = Godkendt, endnu ikke i kraft
desk-draft-in-force = I kraft
desk-draft-withdrawn = Trukket tilbage
desk-draft-by = Skrevet af { $name }, { $at }.
desk-draft-approved-by = Godkendt af { $name }, { $at }.
desk-draft-approve = Godkend: { $version }
desk-draft-withdraw = Træk tilbage
desk-draft-against = Hvad den afgør anderledes: holdt op mod { $version }
desk-draft-alike = Intet. Enhver mulig sag ender som før.
desk-draft-when = Når
desk-draft-before = Før
desk-draft-after = Efter
desk-draft-clause-only = samme udfald efter et andet punkt
desk-draft-more = { $count ->
    [one] Én gruppe sager mere afgøres anderledes.
   *[other] { $count } grupper sager mere afgøres anderledes.
}
desk-draft-not-readable = Udkastet kan ikke læses, som det er. Hvad der er galt, står nedenfor med sit sted; intet er gemt.
desk-draft-not-same = Kald politikken `{ $what }` i de første linjer, som versionerne før den.
desk-draft-not-translated = Der er ingen side på `{ $what }`, og kunder læser politikken på det sprog. Aflever også oversættelsen.
desk-draft-not-a-day = `{ $what }` er ingen dag. Skriv versionen som den dag, den træder i kraft, for eksempel 2027-01-31.
desk-draft-not-new = Der er allerede en version af { $what }. Vælg en anden dag.
desk-draft-not-later = { $what } er ikke efter i dag. Ordrer, der allerede er afgivet, beholder den version, de blev afgivet under; vælg en senere dag.
desk-draft-not-owner = En ejer godkender det.
desk-draft-not-own = Du har skrevet det: en anden godkender det.
desk-draft-not-pinned = Indstillingerne nævner én version, der afgør alle ordrer (`desk.policy`), så ingen anden ville træde i kraft. Nævn først politikken dér uden version.
desk-draft-not-sound = Kontrollen finder noget, der skal rettes først.
desk-draft-not-open = Det er godkendt eller trukket tilbage i mellemtiden.

desk-prove = Vis, at det er dig
desk-prove-amount = Det er mere end { $amount }, så desken spørger lige igen, hvem du er. Det, du skrev, er gemt og bliver gjort lige bagefter.
desk-prove-why = Ved store beløb spørger desken, hvem du er, hvis du ikke har vist det i et kvarter.
desk-prove-wrong = Adgangskode og kode passer ikke sammen eller er prøvet for mange gange. Vent et minut, og prøv igen; hver kode gælder én gang.
desk-prove-unset = Du har ingen adgangskode endnu. Vælg en, og en kode, på din egen side; så er store beløb også dine at afgøre.
desk-prove-do = Det er mig
