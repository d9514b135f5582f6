"""Training half of Shortlist: reads a fold or a run directory, writes models and reports into it.

`sources/` fits what retrieves candidates, `ranker/` what orders them, `baselines/` what both must beat.
Files in and out are described in `exchange.py`; commands in `__main__.py`.
"""
