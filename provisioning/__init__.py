"""The bench: what turns a blank chip into an XS-Key, and back.

chip     the chip under our hands: which keys it holds, bringing application, keys and files to the profile
cards    the story: issue, show, update, retire; start reading here
cli      `xs-provision`
"""
