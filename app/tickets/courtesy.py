"""Whether a message is only a thank-you. Pure: standard library only.

It would rather miss a thank-you than call a question one: a message counts only if every one of its clauses is one of
the turns below, whole. There is no list of bad words, since whatever is not known is not courtesy. Quotes, greetings and
signatures are taken off first; names are those of the people on the ticket.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import timedelta

# So long after a thank-you its reopening can be dismissed with one click.
DISMISSED_WITHIN = timedelta(hours=72)
LONGEST = 400
# Of one clause: no turn is longer, and the patterns below are quick on so few.
MOST_WORDS = 16
AND = frozenset(["and", "und", "et", "y", "e", "en", "i", "och", "og", "ja", "и"])
QUOTED = re.compile(
    r"^\s*(>|-- ?$|_{5,}|-{3,}|(on|am|le|el|il|em|op|den|w dniu)\b.{4,120}\b(wrote|schrieb|a écrit|escribió|ha scritto|escreveu|schreef|skrev)\b.*:)",
    re.IGNORECASE,
)
EMOJI = set("👍🙏🎉😊🙂😀😃😄😁🥳👌💯✅❤💙💚🧡🤗😍🚀⭐🌟👏🤝")
SMILES = re.compile(r"(?<!\w)[:;]-?[)D]|<3|\^\^")
CLAUSE = re.compile(r"[.,;!¡:()\n\r/…–—。！，、～~]+|\s-+\s")
ASKS = re.compile(r"[?？¿\d@#`{}\[\]<>=\\]|https?:|www\.")

GREETINGS = (
    r"(hi|hello|hey|dear|good (morning|afternoon|evening)|hallo|liebe[sr]?|guten (tag|morgen)|moin|bonjour|salut|bonsoir|hola|buenos dias|"
    r"buenas tardes|ciao|buongiorno|salve|ola|bom dia|boa tarde|dag|beste|czesc|dzien dobry|hej|hei|moi|здравствуйте|привет|добрый день)"
    r"( (there|all|everyone|everybody|both|team|support|support team|folks|guys|zusammen|leute|tous|todos|tutti|a todos|allemaal|wszystkim|alla|alle|NAME))*"
)
REGARDS = (
    r"(best|kind|warm|many|with (best|kind|warm))?( )?(regards|wishes)|best|sincerely|yours( sincerely| truly)?|br|kr|have a (nice|great|good|lovely) "
    r"(day|week|weekend|evening|one|time)|(you too|take care|bye|all the best|see you)|"
    r"(viele|liebe|beste|herzliche|schone|freundliche|mit (freundlichen|besten|vielen|lieben))( )?(gruße|grußen|grusse|grussen|grüße|grüßen)|(lg|mfg|vg|gruß|gruss)|"
    r"(ein |einen |noch )*(schone[sn]?|schönes?n?) (tag|woche|wochenende|abend|feierabend)( noch)?|"
    r"(bien )?cordialement|bonne (journee|soiree|semaine)|bon week-?end|a bientot|(un )?saludos?( cordiales)?|(buen|feliz|que tengan buen) (dia|finde|fin de semana)|"
    r"(cordiali |distinti )?saluti|buona (giornata|serata|settimana)|buon (weekend|lavoro)|(atenciosamente|abracos?|um abraco|bom fim de semana|tenha um bom dia)|"
    r"(met vriendelijke )?groet(en|jes)?|(fijne|prettige) (dag|avond)|fijn weekend|(z )?pozdrawiam|pozdrowienia|milego dnia|(med )?(vanlig|vennlig|venlig)?( )?(halsning(ar)?|hilsen)|mvh|"
    r"ha en (bra|fin|god) (dag|helg)|с уважением|хорошего дня|всего доброго"
)
NICE = r"(very |really |so |super |incredibly |and )?(great|good|excellent|awesome|amazing|fantastic|wonderful|brilliant|perfect|nice|quick|fast|prompt|swift|speedy|rapid|friendly|kind|patient|helpful)"
HELP = (
    r"(help|support|assistance|service|reply|replies|response|responses|answer|answers|update|info|information|explanation|advice|tip|hint|fix|solution|work|effort|efforts|"
    r"patience|time|clarification|feedback|turnaround|quick help)"
)
DONE = r"(works|working|worked|fixed|solved|resolved|sorted|fine|good|great|perfect|perfectly|well|done|okay|ok|clear|set|running|back to normal|up and running)"
ENGLISH = (
    r"(ok |okay |great |super |perfect |awesome |and |well |oh |wow )*(many |a big |big |huge |much |a thousand )?(thanks|thank (you|u|ya)|thankyou|thx|tnx|ty|tysm|cheers|ta)"
    r"( (again|so much|so very much|very much|a lot|lots|a million|a ton|a bunch|tons|kindly|really|indeed|all|both|everyone|everybody|team|guys|folks|support|NAME))*"
    rf"( for (all |the |all the |your |all your |this |that |such )*(a )?({NICE} )*({NICE} and )?({NICE} )*{HELP}( (and|&) (the |your )?{HELP})?( so quickly| so fast)?)?"
    r"( for (sorting|fixing|solving|clearing|clarifying|explaining|looking into|taking care of|helping)( (this|that|it|me|us))*( (out|up|with this|with that))?( so (quickly|fast|promptly))?)?",
    rf"({NICE})( {NICE})*( (work|job|stuff|support|service|help|news|team))?",
    r"(ok|okay|k|yes|yep|yay|wow|super|top|cool|hooray|hurray|understood|noted|got it|will do|sounds good|fair enough|makes sense|no problem|lovely|sweet|splendid|marvellous)",
    r"((it|this|that) (is |s |was )?)?(really |very |so )?(much )?(appreciated|obliged)|(i|we) (really |very much )?appreciate (it|that|this|your help|the help)|you (guys )?(are|re) (the best|great|awesome|amazing)",
    rf"(and )?(now )?(it|that|this|everything|all|the (problem|issue|error|case|ticket|question|bug))?( all| now| really| finally)?( is| s| are| has been| was)?( all| now)? ?{DONE}"
    r"( it)?( for (me|us))?( (now|again|great|perfectly|well|fine|like a charm|as expected|flawlessly|nicely|too|like before|on our side|on my side))*",
    r"(and )?(that|this|it) (did (the trick|it|the job)|does (the trick|it)|solved (it|this|the (problem|issue)|my (problem|issue|question)|our (problem|issue))|fixed (it|this|the (problem|issue))|"
    r"was (it|the (problem|issue|solution|fix))|answers my question|helped( a lot| me| us)*|s (it|all|all (i|we) needed|exactly what (i|we) needed|what (i|we) needed|great|perfect|good))",
    r"(that )?(is|s) (all|exactly) (what )?(i|we) needed|(problem|issue|question|case|all) (is )?(solved|closed|answered|sorted|good|fixed|resolved)|"
    r"(you|we|so you) (can|may) (now )?close (this|the|it|my|our)( (ticket|case|issue|one))?( now)?|(please )?(feel free to )?close (this|the|it)( (ticket|case|issue))?|"
    r"(i am|i m|we are|we re) (very )?(happy|glad|all set|good( now)?)|(happy|glad) (it|that|this) works( now)?",
)
OTHERS = (
    # German
    r"(super |ok |okay |gut |toll |prima |perfekt |top |und |ja |na dann |wunderbar )*(vielen |herzlichen |besten |tausend |lieben |1000 )*(lieben )?(dank|dankesch[oö]n|danke( (sch[oö]n|sehr|euch|ihnen|dir|vielmals|nochmals|nochmal|allen|team|NAME))*|merci( vielmal)?)"
    r"( nochmals?| euch| ihnen| dir| allen| dafur| an alle| an das team| NAME)*( fur (die|das|den|ihre|eure|deine|all die)( (super|sehr|schnelle|rasche|gute|tolle|freundliche|prompte|nette|kompetente)n?)*"
    r"( (hilfe|antwort|unterstutzung|ruckmeldung|losung|support|info|erklarung|bearbeitung|auskunft))?)?",
    r"(super|prima|toll|klasse|perfekt|top|wunderbar|spitze|alles klar|alles gut|passt( so)?|in ordnung|erledigt|gelost|gerne|verstanden|hat geklappt|gut)",
    r"((und )?(jetzt|nun) )?(es|das|alles|nun alles|jetzt)? ?(jetzt |nun )?(funktioniert|lauft|geht|klappt|tut)( (es|das|alles))?( (jetzt|nun|wieder|alles|einwandfrei|wunderbar|perfekt|prima|bestens|super))*|das (war es|war s|wars|hat geholfen|hat funktioniert|reicht mir)|(das )?problem (ist )?(gelost|behoben)",
    # French
    r"(parfait |super |ok |et |un )*(grand |tres grand |mille )?mercis?( (beaucoup|bien|infiniment|encore|mille fois|a vous|a tous|a toute l equipe|a toi|NAME))*( pour (votre|ton|l|la|le|cette|toute votre|tout)( (aide|reponse|rapidite|support|retour|assistance|solution|reactivite|rapide|precieuse))*)?",
    r"(parfait|super|genial|impeccable|nickel|top|excellent|c est (parfait|bon|super|regle|resolu)|je vous remercie( beaucoup| bien)?|tout (fonctionne|marche|est bon|est ok|est regle)|(ca|cela) (marche|fonctionne)( (maintenant|bien|tres bien|parfaitement|a nouveau))*|(le )?probleme (est )?(resolu|regle))",
    # Spanish
    r"(perfecto |genial |ok |y |vale )*(muchas|muchisimas|mil|mucha)? ?gracias( (de nuevo|a todos|otra vez|por todo|NAME))*( por (la|el|su|tu|vuestra|toda la)( (ayuda|respuesta|rapida|soporte|apoyo|rapidez|atencion|solucion))*)?",
    r"(perfecto|genial|excelente|estupendo|listo|vale|todo bien|(ya|ahora)( me)? funciona( (todo|bien|perfecto|perfectamente))*|(ya )?(esta )?(resuelto|solucionado|todo (funciona|bien|perfecto))|(muy )?agradecid[oa]s?|se agradece)",
    # Italian
    r"(perfetto |ok |e |bene )*(tante |mille )?grazie( (mille|tante|ancora|davvero|di cuore|infinite|a tutti|di tutto|NAME))*( per (l|la|il|il vostro|la vostra|tutto)( (aiuto|risposta|rapida|supporto|assistenza|rapidita))*)?",
    r"(perfetto|ottimo|benissimo|fantastico|tutto (ok|bene|a posto|funziona)|((adesso|ora) )?(tutto )?funziona( (tutto|bene|perfettamente|ora|adesso))*|(problema )?risolto|vi ringrazio( molto)?)",
    # Portuguese
    r"(perfeito |ok |e |muito |otimo )*(obrigad[oa]s?|obg|valeu)( (mesmo|pela|pelo|por|novamente|a todos|de novo|NAME))*( (ajuda|apoio|resposta|suporte|rapida|rapidez|atencao|tudo))*",
    r"(perfeito|otimo|excelente|(agora )?(ja )?funciona( (tudo|bem|perfeitamente|agora))*|funcionou|(esta )?(tudo (certo|bem|ok|funcionando)|resolvido)|(muito )?agradecid[oa])",
    # Dutch
    r"(top |super |ok |en |helemaal )*(hartelijk |heel erg |enorm |alvast )?(bedankt|dank ?(je|u|jullie)?( ?wel)?|hartelijk dank|dankjewel|dankuwel|thanks)( (allemaal|allen|weer|nogmaals|NAME))*( voor (de|je|uw|jullie|het|alle)( (snelle|goede|fijne|prima|hulp|reactie|antwoord|ondersteuning|support|uitleg|service))*)?",
    r"(top|prima|perfect|geweldig|helemaal goed|opgelost|het (werkt|doet het)( (nu|weer|goed|prima|perfect))*|(nu )?werkt (het|alles)( (nu|weer|goed|prima))*|alles werkt( (nu|weer))*)",
    # Polish
    r"(super |ok |i |swietnie )*(bardzo |serdecznie |wielkie |slicznie )?(dziekuje(my)?|dzieki|dziekowac|dzieks)( (bardzo|serdecznie|wielkie|raz jeszcze|NAME))*( za (szybka |wszelka |wasza |cala )?(pomoc|odpowiedz|wsparcie|wszystko|szybka reakcje))?",
    r"(super|swietnie|idealnie|(juz |teraz )?(wszystko )?dziala( (juz|teraz|swietnie|dobrze|wszystko))*|(problem )?(rozwiazany|rozwiazane))",
    # Swedish, Norwegian, Danish, Finnish
    r"(perfekt |toppen |och |og |super )*(tack|takk|tak|tusen tack|tusen takk|tusind tak|mange takk|mange tak|stort tack|hjertelig takk)( (sa mycket|sa meget|skal du ha|skal dere ha|sa hemskt mycket|igen|NAME))*( for (hjalpen|hjelpen|hjaelpen|den snabba hjalpen|svaret|svar|rask hjelp|all hjalp|all hjelp|hurtig hjaelp))?",
    r"(toppen|perfekt|supert|flott|kanon|(nu |na )?(det |allt |alt )?(fungerar|fungerer|funkar|virker)( (nu|na|det|allt|alt|bra|fint|igen|perfekt))*|lost)",
    r"(iso |suuri |paljon )?(kiitos|kiitokset|kiitoksia|kiitti|kiitos paljon)( (paljon|avusta|nopeasta avusta|kaikille|tuesta|vastauksesta|NAME))*|(hienoa|mahtavaa|loistavaa|(nyt )?(kaikki )?toimii( (nyt|hyvin|taas))*)",
    # Russian
    r"(отлично |супер |ок |и )*(большое |огромное )?(спасибо|благодарю|благодарим|спс)( (большое|огромное|вам|всем|еще раз|ещё раз|за (быструю |оперативную |вашу )?(помощь|ответ|поддержку|быстрый ответ)))*",
    r"(отлично|супер|идеально|прекрасно|(теперь |уже )?(все |всё )?работает( (теперь|отлично|хорошо|снова))*|(проблема )?решен[оа]?|решён)",
)
# Without spaces between words; taken out of the text until nothing is left.
EASTERN = (
    "本当に", "どうも", "誠に", "ありがとうございました", "ありがとうございます", "ありがとう", "助かりました", "助かります", "解決しました", "解決です", "感謝します", "感謝いたします",
    "大変", "早速の", "迅速な", "ご対応", "ご回答", "ご返信", "対応", "お世話になりました", "お世話になります", "よろしくお願いします", "よろしくお願いいたします", "動きました", "できました",
    "完璧です", "了解です", "了解しました", "皆様", "で", "に", "を", "いただき",
    "非常感谢", "十分感谢", "太感谢了", "多谢", "谢谢你们", "谢谢您", "谢谢你", "谢谢大家", "谢谢", "感谢您的帮助", "感谢你们的帮助", "感谢帮助", "感谢支持", "感谢", "的帮助", "已经解决了", "解决了", "可以了", "好的", "没问题了", "辛苦了", "太好了",
    "정말", "대단히", "감사합니다", "감사드립니다", "고맙습니다", "고마워요", "해결되었습니다", "해결됐습니다", "잘 됩니다", "잘됩니다",
)  # fmt: skip
EASTERN_THANKS = ("ありがとう", "感謝", "助かり", "谢", "感谢", "감사", "고맙", "고마")
EASTERN_RANGE = re.compile(r"[぀-ヿ㐀-鿿가-힯]")


def is_courtesy(text: str, names: Iterable[str] = ()) -> bool:
    """Whether a message says nothing but thanks. `names` are the people of the ticket, whose words count as names.

    False for an empty one, and for anything that asks, names a version or an address, or says one thing that is not known.
    """
    said = own_words(text)
    if not said.strip() or len(said) > LONGEST or ASKS.search(SMILES.sub(" ", said)):
        return False
    said, smiled = without_pictures(SMILES.sub(" ", said))
    if EASTERN_RANGE.search(said):
        return is_eastern_courtesy(said)
    people = {word for name in names for word in plain(name).split() if len(word) > 1}
    clauses = [clause for part in CLAUSE.split(plain(said)) if (clause := part.strip())]
    kinds = [kind_of(clause, people) for clause in clauses]
    return None not in kinds and ("thanks" in kinds or (smiled and not clauses))


def own_words(text: str) -> str:
    """A message without what it quotes, and without its signature."""
    kept = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if QUOTED.match(line):
            break
        kept.append(line)
    return "\n".join(kept)


def without_pictures(text: str) -> tuple[str, bool]:
    """The text without friendly pictures, and whether there was one; others stay, and are no word that anybody knows."""
    smiled = any(sign in EMOJI for sign in text)
    skipped = EMOJI | {"\ufe0f", "\u200d"}
    return "".join(" " if sign in skipped or "\U0001f3fb" <= sign <= "\U0001f3ff" else sign for sign in text), smiled


def plain(text: str) -> str:
    """Lower case, without accents, with one blank between words; an apostrophe parts them."""
    letters = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l").replace("ø", "o").replace("æ", "ae"))
    bare = "".join(sign for sign in letters if not unicodedata.combining(sign) or sign == "\u0306")
    return re.sub(r"[ \t'’‘\"“”„«»*_]+", " ", unicodedata.normalize("NFC", bare))


def kind_of(clause: str, people: set[str]) -> str | None:
    """`thanks`, `frame` (a greeting, a name, regards), or None for what is neither. Clauses joined by "and" are known each."""
    words = clause.split()
    if len(words) > MOST_WORDS:
        return None
    if all(word in people for word in words):
        return "frame"
    named = " ".join("NAME" if word in people else word for word in words)
    return turn_of(named) or two_turns(named.split())


def two_turns(words: list[str]) -> str | None:
    """Two known turns with no mark or an "and" between them: `thank you all good now`."""
    for place in range(1, len(words)):
        second = words[place + 1 :] if words[place] in AND else words[place:]
        kinds = {turn_of(" ".join(words[:place])), turn_of(" ".join(second))}
        if None not in kinds:
            return "thanks" if "thanks" in kinds else "frame"
    return None


def turn_of(words: str) -> str | None:
    """What one turn is."""
    if THANKFUL.fullmatch(words):
        return "thanks"
    return "frame" if FRAMING.fullmatch(words) else None


def is_eastern_courtesy(text: str) -> bool:
    """The same for scripts without blanks: nothing is left when the known turns are taken out, and one of them thanks."""
    left = text
    for turn in sorted(EASTERN, key=len, reverse=True):
        left = left.replace(turn, " ")
    return any(word in text for word in EASTERN_THANKS) and not re.search(r"\w", left)


def either(*turns: str) -> re.Pattern[str]:
    """Any of some turns, without accents as `plain` writes them."""
    return re.compile("|".join(f"(?:{turn.replace('ü', 'u')})" for turn in turns))


THANKFUL = either(*ENGLISH, *OTHERS)
FRAMING = either(GREETINGS, REGARDS)
