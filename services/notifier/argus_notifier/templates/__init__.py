"""The texts of mails: packaged ones by locale, those that an administrator put in their place, and the editor's routes.

Files are `<locale>/<text>.{subject,html,txt}`; `layout.html` and `layout.txt` stand around all of them.
"""
