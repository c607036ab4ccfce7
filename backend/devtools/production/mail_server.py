"""Runs in a container: a mail server that prints each recipient. It uses the standard library alone."""

from socketserver import StreamRequestHandler, ThreadingTCPServer

PORT = 2525


class Session(StreamRequestHandler):
    """One connection of SMTP: every mail is accepted."""

    def handle(self) -> None:
        self.reply("220 mail")
        while line := self.rfile.readline():
            command = line[:4].upper()
            if command == b"QUIT":
                self.reply("221 bye")
                return
            if command == b"RCPT":
                print(line.decode().strip(), flush=True)
            if command == b"DATA":
                self.reply("354 send it")
                while self.rfile.readline() not in {b".\r\n", b""}:
                    pass
            self.reply("250 accepted")

    def reply(self, line: str) -> None:
        """Send one line of the protocol."""
        self.wfile.write(f"{line}\r\n".encode())


if __name__ == "__main__":
    with ThreadingTCPServer(("", PORT), Session) as server:
        server.serve_forever()
