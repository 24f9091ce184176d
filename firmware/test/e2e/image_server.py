"""An HTTPS server for firmware images with Range, TLS 1.3 only; it can be told to break off or to slow down."""

import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class ImageServer:
    def __init__(self, authority):
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple[str, int]] = []
        self.break_after: int | None = None   # bytes of the next answer
        self.pause = 0.0                      # after each 16 KB
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                owner._answer(self)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(authority / "server.crt", authority / "server.key")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler) -> None:
        content = self.files.get(handler.path.lstrip("/"))
        if content is None:
            handler.send_error(404)
            return
        wanted = handler.headers.get("Range", "bytes=0-")
        start = int(wanted.removeprefix("bytes=").split("-")[0])
        self.requests.append((handler.path, start))
        if start >= len(content):
            handler.send_error(416)
            return
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        handler.send_header("Content-Length", str(len(content) - start))
        handler.end_headers()
        end = len(content) if self.break_after is None else min(len(content), start + self.break_after)
        self.break_after = None
        try:
            for at in range(start, end, 16384):
                handler.wfile.write(content[at:min(at + 16384, end)])
                time.sleep(self.pause)
        except OSError:
            return
        if end < len(content):
            handler.connection.close()
