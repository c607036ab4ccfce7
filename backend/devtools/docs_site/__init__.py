"""The documentation as a site: pages of the repository, and references generated from the code.

`./noxw -s docs` collects the pages in `reports/docs/pages` and lets Zensical build `reports/docs/site`.
Links between pages work on GitHub and in the site: a link to a file that is not a page leads to a page with
its text.
"""
