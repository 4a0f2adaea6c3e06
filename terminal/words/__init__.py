"""What people read, in their language: the catalogues, and sentences that more than one end says.

    words        the messages, amounts and times of one language: `catalogues.Words`
    catalogue    `locale/<language>/LC_MESSAGES/xs.po`, gettext's own format, read as it is
    explanation  why an amount is what it is, and what is to be known of it, in sentences: `explaining`

The English text in the code is the key and the English wording; every other language is a catalogue. Whoever shows
something asks for `words(language)` once and says `gettext` and `ngettext` on it, so that Babel finds the messages.
`tests/words` refuses a catalogue in which one is missing, empty, fuzzy, or has other placeholders.
"""
