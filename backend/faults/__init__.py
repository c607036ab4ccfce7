"""Breaks a running service on purpose and checks that it keeps its promises (`./noxw -s faults`).

Two API processes and a worker run on a PostgreSQL of their own while clients write and read. Each fault
happens under this load. Afterwards the clients' journal is compared with the database and the mailbox: what
was answered with 2xx is there exactly once, and nothing is there twice.
"""
