"""Candidate sources: one file per method, each a function of a fold's events; `fit.py` runs them all."""
