"""The driver's screen: a face for each moment at a lane or a service point, in the language of whoever stands there.

    face      one of the whole-screen states: pictogram, colour, tone                         (`faces.Face`)
    screen    a face with all that it tells: language, side, lanes, amount, code, who helps   (`faces.Screen`)
    screens   which screen follows from what the gate tells, and for how long; time is an argument  (`screens`)
    wording   a screen in words, from the catalogues `driver.po`                              (`wording`)

Nothing here names a person, a card or an employer, nor a reason that shames: whoever stands behind may read it.
"""
