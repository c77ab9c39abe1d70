// The Responses API, and legacy completions, by the SDKs of OpenAI and OpenRouter, for a model in OpenAI's format and for one in Anthropic's.
// Run by tests/envoy/responses.rs with GATEWAY (…/api/v1) and SDKS (the folder with node_modules) in the environment.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.SDKS}/package.json`);
const sdk = await import(pathToFileURL(require.resolve("openai")));
const { OpenRouter } = await import(pathToFileURL(require.resolve("@openrouter/sdk")));

const TEXT = "Once \"upon\" a time 東京";
const THOUGHT = "Let me see: 1/2 \"of\" it.";
const client = new sdk.OpenAI({ baseURL: process.env.GATEWAY, apiKey: "sk-or-v1-test", maxRetries: 0 });
const router = new OpenRouter({ serverURL: process.env.GATEWAY, apiKey: "sk-or-v1-test", retryConfig: { strategy: "none" } });
const input = "Tell me a story.";
const tools = [{ type: "function", name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } }, strict: false }];

const collect = async (stream) => {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
};

async function fails(request, type, status) {
  const error = await request.then(() => assert.fail("it did not fail"), (error) => error);
  assert.ok(error instanceof type, `${error.constructor.name} instead of ${type.name}: ${error.message}`);
  assert.deepEqual([error.status, error.error.code], [status, status]);
}

const checks = {};
for (const model of ["openai", "claude"]) {
  checks[`${model}: a response`] = async () => {
    const response = await client.responses.create({ model: `t/${model}`, input, instructions: "Be brief.", temperature: 0.5 });
    assert.deepEqual([response.object, response.status, response.output_text, response.model], ["response", "completed", TEXT, `t/${model}`]);
    assert.deepEqual([response.instructions, response.temperature, response.tools, response.error], ["Be brief.", 0.5, [], null]);
    const { usage } = response;
    assert.deepEqual([usage.input_tokens, usage.input_tokens_details.cached_tokens, usage.output_tokens, usage.total_tokens], [15, 5, 7, 22]);
    assert.ok(usage.cost > 0);
  };

  checks[`${model}: a stream, and what the SDK puts together of it`] = async () => {
    const events = await collect(await client.responses.create({ model: `t/${model}`, input, stream: true }));
    const types = events.map((event) => event.type).filter((type, place, all) => type !== all[place - 1]);
    assert.deepEqual(types, [
      "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added", "response.output_text.delta",
      "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
    ]);
    assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, place) => place));
    assert.equal(events.at(-1).response.usage.output_tokens, 7);
    const response = await client.responses.stream({ model: `t/${model}`, input }).finalResponse();
    assert.equal(response.output_text, TEXT);
  };

  for (const streamed of [false, true]) {
    const send = (body) => (streamed ? client.responses.stream(body).finalResponse() : client.responses.create(body));
    const how = streamed ? "streamed" : "whole";

    checks[`${model}: tools, ${how}`] = async () => {
      const first = await send({ model: `t/${model}-tools`, input, tools });
      const calls = first.output.filter((item) => item.type === "function_call");
      assert.deepEqual(calls.map((call) => [call.name, JSON.parse(call.arguments).city]), [["get_weather", "Zürich"], ["get_weather", "Paris"]]);
      const outputs = calls.map((call) => ({ type: "function_call_output", call_id: call.call_id, output: "12" }));
      const turns = [{ role: "user", content: input }, ...first.output, ...outputs];
      const second = await send({ model: `t/${model}-tools`, input: turns, tools });
      assert.equal(second.output_text, "12 and 13 degrees.");
    };

    checks[`${model}: reasoning, ${how}`] = async () => {
      const first = await send({ model: `t/${model}-thinks`, input, reasoning: { effort: "low" } });
      assert.deepEqual(first.output.map((item) => item.type), ["reasoning", "message"]);
      assert.deepEqual([first.output[0].content[0].text, first.output[0].summary], [THOUGHT, []]);
      const turns = [{ role: "user", content: input }, ...first.output, { role: "user", content: [{ type: "input_text", text: "And then?" }] }];
      const second = await send({ model: `t/${model}-thinks`, input: turns, reasoning: { effort: "low" } });
      assert.equal(second.output_text, "Then.");
    };
  }

  checks[`${model}: OpenRouter's SDK, whole and streamed`] = async () => {
    const whole = await router.responses.send({ responsesRequest: { model: `t/${model}`, input } });
    assert.deepEqual([whole.status, whole.outputText, whole.usage.outputTokens], ["completed", TEXT, 7]);
    for (const [name, more] of [["", {}], ["-tools", { tools }], ["-thinks", { reasoning: { effort: "low" } }]]) {
      const events = await collect(await router.responses.send({ responsesRequest: { model: `t/${model}${name}`, input, stream: true, ...more } }));
      // What misses a required field becomes UNKNOWN.
      assert.deepEqual(events.filter((event) => event.type === "UNKNOWN" || event.isUnknown), []);
      assert.deepEqual(events.map((event) => event.sequenceNumber), events.map((_, place) => place));
      assert.equal(events.at(-1).type, "response.completed");
    }
  };

  checks[`${model}: a legacy completion`] = async () => {
    const ask = { model: `t/${model}`, prompt: input };
    assert.equal((await client.completions.create(ask)).choices[0].text, TEXT);
    const chunks = await collect(await client.completions.create({ ...ask, stream: true }));
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.text ?? "").join(""), TEXT);
  };

  checks[`${model}: a failure within a stream`] = async () => {
    const events = await collect(await client.responses.create({ model: `t/${model}-breaks`, input, stream: true }));
    const failed = events.at(-1);
    assert.deepEqual([failed.type, failed.response.status, failed.response.error.code], ["response.failed", "failed", "server_error"]);
    assert.equal(failed.response.output_text, "Once ");
    const seen = await collect(await router.responses.send({ responsesRequest: { model: `t/${model}-breaks`, input, stream: true } }));
    assert.deepEqual([seen.at(-1).type, seen.at(-1).isUnknown], ["response.failed", undefined]);
  };
}

checks["calls whose pieces come in turn"] = async () => {
  const ask = { model: "t/openai-interleaves", input, tools };
  const response = await client.responses.stream(ask).finalResponse();
  assert.deepEqual(response.output.map((item) => [item.type, item.arguments]), [0, 1].map(() => ["function_call", '{"city":"Bern"}']));
  const done = (await collect(await client.responses.create({ ...ask, stream: true }))).filter((event) => event.type === "response.output_item.done");
  assert.deepEqual(done.map((event) => event.item.arguments), ['{"city":"Bern"}', '{"city":"Bern"}']);
};

checks["a refusal, whole and streamed"] = async () => {
  const ask = { model: "t/openai-refuses", input };
  for (const response of [await client.responses.create(ask), await client.responses.stream(ask).finalResponse()]) {
    const parts = response.output.flatMap((item) => item.content);
    assert.deepEqual(parts.map((part) => [part.type, part.refusal]), [["refusal", "I won't."]]);
    assert.equal(response.output_text, "");
  }
  const events = await collect(await router.responses.send({ responsesRequest: { ...ask, stream: true } }));
  assert.deepEqual(events.filter((event) => event.type === "UNKNOWN" || event.isUnknown), []);
  assert.deepEqual(events.filter((event) => event.type === "response.refusal.done").map((event) => event.refusal), ["I won't."]);
};

checks["an answer that is cut short"] = async () => {
  const response = await client.responses.create({ model: "t/openai-long", input });
  assert.deepEqual([response.status, response.incomplete_details.reason], ["incomplete", "max_output_tokens"]);
  const events = await collect(await client.responses.create({ model: "t/openai-long", input, stream: true }));
  assert.deepEqual([events.at(-1).type, events.at(-1).response.status], ["response.incomplete", "incomplete"]);
};

checks["pages that an answer is from"] = async () => {
  const page = { type: "url_citation", start_index: 5, end_index: 11, url: "https://a.test/x", title: "A page" };
  const ask = { model: "t/openai-cites", input };
  const cited = (response) => response.output[0].content[0].annotations;
  assert.deepEqual(cited(await client.responses.create(ask)), [page]);
  const events = await collect(await client.responses.create({ ...ask, stream: true }));
  const added = events.filter((event) => event.type === "response.output_text.annotation.added");
  assert.deepEqual(added.map((event) => [event.annotation_index, event.annotation]), [[0, page]]);
  assert.deepEqual(cited(events.at(-1).response), [page]);
  const whole = await router.responses.send({ responsesRequest: ask });
  assert.equal(cited(whole)[0].startIndex, 5);
  const seen = await collect(await router.responses.send({ responsesRequest: { ...ask, stream: true } }));
  assert.deepEqual(seen.filter((event) => event.type === "UNKNOWN" || event.isUnknown), []);
  assert.equal(seen.find((event) => event.type === "response.output_text.annotation.added").annotation.url, page.url);
};

checks["errors have the classes of their statuses"] = async () => {
  const create = (more) => client.responses.create({ model: "t/openai", input, ...more });
  await fails(create({ store: true }), sdk.BadRequestError, 400);
  await fails(create({ previous_response_id: "resp_1" }), sdk.BadRequestError, 400);
  await fails(create({ tools: [{ type: "web_search" }] }), sdk.BadRequestError, 400);
  await fails(create({ input: [{ type: "item_reference", id: "x" }] }), sdk.BadRequestError, 400);
  await fails(create({ model: "acme/unknown" }), sdk.NotFoundError, 404);
  await fails(create({ model: "t/limited" }), sdk.RateLimitError, 429);
  await fails(create({ model: "t/limited", stream: true }), sdk.RateLimitError, 429);
  await assert.rejects(router.responses.send({ responsesRequest: { model: "t/limited", input } }), { statusCode: 429 });
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  await check().then(
    () => console.log(`ok ${name}`),
    (error) => (failed++, console.log(`FAILED ${name}: ${error.stack}`)),
  );
}
process.exit(failed ? 1 : 0);
