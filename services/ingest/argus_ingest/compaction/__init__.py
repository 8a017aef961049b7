"""Merging the small metric blocks of jobs into chunks, behind everybody's back."""
