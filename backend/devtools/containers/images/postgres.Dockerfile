# PostgreSQL of Debian, which starts as the official image does.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql \
    && rm -rf /var/lib/apt/lists/* /var/lib/postgresql/* \
    && install --directory --owner postgres /docker-entrypoint-initdb.d /var/lib/postgresql \
    && install --directory --owner postgres --mode 3777 /var/run/postgresql \
    && ln -s /usr/lib/postgresql/*/bin /opt/bin
ENV PATH=/opt/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/data
COPY postgres.sh /usr/local/bin/
USER postgres
STOPSIGNAL SIGINT
ENTRYPOINT ["sh", "/usr/local/bin/postgres.sh"]
CMD ["postgres"]
