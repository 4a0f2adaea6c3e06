"""What is played where nobody is there to press a key: answers to cards, then the guard, then a fire."""

TOUR = (
    "tap anna",
    "tap bram",
    "block anna",
    "tap anna",
    "activate anna",
    "order hold reason='a convoy'",
    "van zack comes",
    "zack goes",
    "wait untapped",
    "order release reason='the convoy is in'",
    "wait lane closed",
    "fire on",
    "wait lane emergency-open",
    "wait boom up",
    "fire off",
    "wait fire off",
    "order confirm reason='a false alarm'",
    "wait lane closed",
)
