jobs_csv = None
