// HTTP/2 without TLS on either side of the gateway, which Rust's standard library has no words for.
//
//     node http2.mjs provide                       a provider: prints its port; answers by the model that a request names
//     node http2.mjs ask HOST:PORT BODY TRAILERS   a client: prints the answer as {status, headers, body}

import http2 from "node:http2";

const completion = {
  id: "chatcmpl-1", object: "chat.completion", created: 1, model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "over HTTP/2" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 19, completion_tokens: 10, total_tokens: 29 },
};
const chunk = (delta, finish_reason) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
const usage = `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [], usage: completion.usage })}\n\n`;

function answer(stream, body) {
  const { model, stream: streamed } = JSON.parse(body);
  if (model === "reset") return stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
  if (model === "refused") return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
  if (model === "gone") return stream.session.destroy();
  if (model === "busy") {
    stream.respond({ ":status": 429, "content-type": "application/json", "retry-after": "1" });
    return stream.end(JSON.stringify({ error: { message: "busy", code: null } }));
  }
  stream.on("wantTrailers", () => stream.sendTrailers({ "x-checksum": "1" }));
  const type = streamed ? "text/event-stream" : "application/json";
  stream.respond({ ":status": 200, "content-type": type }, { waitForTrailers: model === "trailers" });
  if (!streamed) return stream.end(JSON.stringify(completion));
  const events = [chunk({ role: "assistant", content: "" }, null), chunk({ content: "over " }, null), chunk({ content: "HTTP/2" }, null)];
  events.push(chunk({}, "stop"), usage, "data: [DONE]\n\n");
  const next = () => (events.length > 1 ? (stream.write(events.shift()), setTimeout(next, 20)) : stream.end(events.shift()));
  next();
}

function collect(stream, then) {
  const pieces = [];
  stream.on("data", (piece) => pieces.push(piece));
  stream.on("end", () => then(Buffer.concat(pieces).toString()));
}

if (process.argv[2] === "provide") {
  const server = http2.createServer();
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    collect(stream, (body) => answer(stream, body));
  });
  server.on("sessionError", () => {});
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
} else {
  const [host, body, trailers] = process.argv.slice(3);
  const session = http2.connect(`http://${host}`);
  const head = { ":method": "POST", ":path": "/api/v1/chat/completions", authorization: "Bearer sk-or-v1-test" };
  const stream = session.request({ ...head, "content-type": "application/json" }, { waitForTrailers: trailers === "with-trailers" });
  stream.on("wantTrailers", () => stream.sendTrailers({ "x-checksum": "1" }));
  let headers;
  stream.on("response", (response) => (headers = response));
  collect(stream, (text) => {
    console.log(JSON.stringify({ status: headers[":status"], headers, body: text }));
    session.close();
  });
  stream.end(body);
}
