# nginx of Debian, with the user and the log of the official image.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends curl nginx \
    && rm -rf /var/lib/apt/lists/* && useradd --system nginx && ln -sf /dev/stderr /var/log/nginx/error.log
USER nginx
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
