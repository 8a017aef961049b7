"""`argus-server doctor`: is all well with this installation, and if not, what is to be done?"""
