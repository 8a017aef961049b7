"""What a person asks of a batch: stop it, run it again; and what its reporter asks: am I to stop?"""
