// OpenRouter's own SDK against the gateway: it checks every answer against its schema, and refuses what it does not know.
// Run by tests/envoy/clients.rs with GATEWAY (…/api/v1) and SDKS (the folder with node_modules) in the environment.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.SDKS}/package.json`);
const { OpenRouter } = await import(pathToFileURL(require.resolve("@openrouter/sdk")));

const TEXT = "Once upon a time there was a signal box — by the line to 東京.";
// By default it tries again for an hour.
const connect = (apiKey) => new OpenRouter({ serverURL: process.env.GATEWAY, apiKey, retryConfig: { strategy: "none" } });
const client = connect("sk-or-v1-test");
const messages = [{ role: "user", content: "Tell me a story." }];
const send = (request, by = client) => by.chat.send({ chatRequest: { messages, ...request } });

const fails = async (request, name, status) => {
  const error = await request.then(() => assert.fail("it did not fail"), (error) => error);
  assert.equal(error.constructor.name, name, error.message);
  assert.equal(error.statusCode, status);
  assert.equal(error.error.code, status);
};

const checks = {
  async "every page of the models"() {
    const models = [];
    for await (const page of await client.models.list()) models.push(...page.result.data);
    const plain = models.find((model) => model.id === "t/plain");
    assert.equal(plain.pricing.prompt, "0.000001");
    assert.deepEqual(plain.architecture.outputModalities, ["text"]);
    assert.equal(new Set(models.map((model) => model.id)).size, models.length);
    assert.equal((await client.models.count()).data.count, models.length);
  },

  async "one model and its endpoints"() {
    const model = await client.models.get({ author: "t", slug: "plain" });
    assert.equal(model.data.id, "t/plain");
    const { data } = await client.endpoints.list({ author: "t", slug: "falls-back" });
    assert.deepEqual(data.endpoints.map((endpoint) => endpoint.tag), ["stub", "simulator"]);
    assert.equal(data.endpoints[1].providerName, "Simulator");
    await fails(client.endpoints.list({ author: "t", slug: "none" }), "NotFoundResponseError", 404);
  },

  async "the models of a key, the embedding models, the providers and those that keep nothing"() {
    const listed = async (pages) => {
      const ids = [];
      for await (const page of await pages) ids.push(...page.result.data.map((model) => model.id));
      return ids;
    };
    assert.ok((await listed(client.models.listForUser({ bearer: "sk-or-v1-test" }))).includes("t/plain"));
    assert.deepEqual(await listed(client.embeddings.listModels()), ["t/embeds", "t/limited"]);
    const providers = await client.providers.list();
    assert.deepEqual(providers.data.map((provider) => provider.name), ["Simulator", "stub"]);
    assert.deepEqual((await client.endpoints.listZdrEndpoints()).data, []);
  },

  async "plugins that are there, and one that is not"() {
    const plugins = [{ id: "response-healing" }, { id: "context-compression", engine: "middle-out" }, { id: "web", enabled: false }];
    const completion = await send({ model: "t/plain", plugins, responseFormat: { type: "json_object" } });
    assert.equal(completion.choices[0].message.content, TEXT, "what is no JSON stays");
    await fails(send({ model: "t/plain", plugins: [{ id: "web" }] }), "BadRequestResponseError", 400);
  },

  async "a completion"() {
    const completion = await send({ model: "t/plain" });
    assert.equal(completion.choices[0].message.content, TEXT);
    assert.equal(completion.model, "t/plain");
    assert.equal(completion.usage.promptTokens, 20);
    assert.equal(completion.usage.cost, 0.00004);
  },

  async "a stream"() {
    let text = "";
    const usages = [];
    for await (const chunk of await send({ model: "t/plain", stream: true })) {
      assert.equal(chunk.error, undefined);
      text += chunk.choices[0]?.delta.content ?? "";
      if (chunk.usage) usages.push(chunk.usage.completionTokens);
    }
    assert.equal(text, TEXT);
    assert.deepEqual(usages, [10]);
  },

  async "what became of a completion, streamed or not"() {
    const told = async (id) => {
      for (let tries = 0; ; tries++) {
        const { data } = await client.generations.getGeneration({ id }).catch((error) => {
          if (error.statusCode !== 404 || tries > 50) throw error;
          return {};
        });
        if (data) return data;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const completion = await send({ model: "t/plain" });
    const generation = await told(completion.id);
    assert.equal(generation.totalCost, completion.usage.cost);
    assert.equal(generation.finishReason, "stop");
    assert.equal(generation.streamed, false);
    assert.match(generation.userAgent, /^speakeasy-sdk/);
    assert.deepEqual(generation.providerResponses.map((response) => response.status), [200]);
    let id;
    for await (const chunk of await send({ model: "t/falls-back", stream: true })) id = chunk.id;
    const streamed = await told(id);
    assert.equal(streamed.streamed, true);
    assert.equal(streamed.providerName, "Simulator");
    await fails(client.generations.getGeneration({ id: "gen-1779474931-w20BCAngQY7SOa9Zs000" }), "NotFoundResponseError", 404);
  },

  async "what the keys have spent"() {
    const { data } = await client.apiKeys.getCurrentKeyMetadata();
    assert.equal(data.label, "test");
    assert.equal(data.isManagementKey, false);
    assert.ok(data.usage > 0 && data.usageDaily <= data.usage);
    await fails(client.credits.getCredits(), "ForbiddenResponseError", 403);
    const chief = connect("test");
    assert.ok((await chief.credits.getCredits()).data.totalUsage >= data.usage);
    assert.deepEqual((await chief.analytics.getUserActivity()).data, []);
    assert.equal((await chief.apiKeys.getCurrentKeyMetadata()).data.isManagementKey, true);
    await fails(send({ model: "t/plain" }, chief), "ForbiddenResponseError", 403);
  },

  async "the keys, which no request makes, changes or removes"() {
    const { apiKeys } = connect("test");
    const { data } = await apiKeys.list({ includeDisabled: true, offset: 0 });
    const key = data.find(({ name }) => name === "test");
    assert.equal(key.disabled, false);
    assert.ok(key.usage > 0 && key.byokUsage === 0);
    const one = (await apiKeys.get({ hash: key.hash })).data;
    assert.deepEqual([one.hash, one.name], [key.hash, "test"]);
    await fails(apiKeys.get({ hash: "0".repeat(64) }), "NotFoundResponseError", 404);
    for (const [request, status] of [
      [() => client.apiKeys.get({ hash: key.hash }), 403],
      [() => apiKeys.create({ requestBody: { name: "new" } }), 405],
      [() => apiKeys.update({ hash: key.hash, requestBody: { disabled: true } }), 405],
      [() => apiKeys.delete({ hash: key.hash }), 405],
    ]) {
      const error = await request().then(() => assert.fail("it did not fail"), (error) => error);
      assert.equal(error.statusCode, status, error.stack);
    }
  },

  async "a limit and a rate"() {
    const limited = connect("sk-or-v1-limited");
    await fails(send({ model: "t/plain", maxTokens: 100_000 }, limited), "PaymentRequiredResponseError", 402);
    const completion = await send({ model: "t/plain", maxTokens: 100 }, limited);
    for (let tries = 0; ; tries++) {
      const { data } = await limited.apiKeys.getCurrentKeyMetadata();
      assert.deepEqual([data.limit, data.limitReset], [0.01, "weekly"]);
      assert.ok(Math.abs(data.limitRemaining + data.usage - 0.01) < 1e-12);
      if (Math.abs(data.usage - completion.usage.cost) < 1e-12) break;
      assert.ok(tries < 50, "it is never settled");
    }
    const minutely = connect("sk-or-v1-minutely");
    const asked = [];
    // Three requests are in two minutes at most.
    for (let n = 0; n < 3; n++) asked.push(await send({ model: "t/plain" }, minutely).catch((error) => error));
    const refused = asked.find((answer) => answer instanceof Error);
    assert.equal(refused.constructor.name, "TooManyRequestsResponseError");
    assert.ok(Number(refused.headers.get("retry-after")) >= 1);
    assert.equal(refused.error.metadata.headers["X-RateLimit-Limit"], "1");
  },

  async "tool calls"() {
    const tools = [{ type: "function", function: { name: "get_weather", parameters: { type: "object", properties: {} } } }];
    const { choices } = await send({ model: "t/tools", tools });
    assert.deepEqual(choices[0].message.toolCalls.map((call) => JSON.parse(call.function.arguments).city), ["Zürich", "Paris"]);
  },

  async "a fallback by models and by provider"() {
    const completion = await send({ model: "t/broken", models: ["t/plain"], provider: { order: ["simulator"], maxPrice: { prompt: "5" } } });
    assert.equal(completion.model, "t/plain");
    assert.equal((await send({ model: "t/falls-back" })).choices[0].message.content, TEXT);
  },

  async "every routing member"() {
    const provider = {
      order: ["Simulator"], only: ["simulator", "stub"], ignore: ["none"], allowFallbacks: true, requireParameters: false,
      dataCollection: "allow", zdr: false, enforceDistillableText: false, quantizations: ["unknown"],
      sort: { by: "throughput", partition: "none" }, maxPrice: { prompt: "5", completion: "5", request: "1", image: "1" },
      preferredMinThroughput: { p50: 1, p90: 0.5 }, preferredMaxLatency: 60,
    };
    for (const sort of ["price", "throughput", "latency", "exacto", provider.sort]) {
      const completion = await send({ model: "t/plain", provider: { ...provider, sort }, sessionId: "s-1", serviceTier: "auto" });
      assert.equal(completion.choices[0].message.content, TEXT);
    }
    for (const variant of ["nitro", "floor", "exacto"]) assert.equal((await send({ model: `t/plain:${variant}` })).model, "t/plain");
    await fails(send({ model: "t/plain:online" }), "BadRequestResponseError", 400);
    await fails(send({ model: "t/plain", provider: { enforceDistillableText: true } }), "NotFoundResponseError", 404);
  },

  async "the auto router, and what the router did"() {
    const plugins = [{ id: "auto-router", allowedModels: ["t/plain"], excludedModels: ["t/broken"], costTier: "low" }];
    const tell = (chatRequest) => client.chat.send({ xOpenRouterMetadata: "enabled", chatRequest: { messages, ...chatRequest } });
    const completion = await tell({ model: "openrouter/auto", plugins });
    assert.equal(completion.model, "t/plain");
    assert.equal(completion.openrouterMetadata.strategy, "auto");
    assert.deepEqual(completion.openrouterMetadata.attempts, [{ provider: "Simulator", model: "t/plain", status: 200 }]);
    let told;
    for await (const chunk of await tell({ model: "t/falls-back", provider: { order: ["stub"] }, stream: true })) told = chunk.openrouterMetadata ?? told;
    assert.deepEqual([told.attempt, told.endpoints.available.map((endpoint) => endpoint.selected)], [2, [false, true]]);
    const error = await tell({ model: "t/broken" }).catch((error) => error);
    assert.equal(error.openrouterMetadata.attempts[0].provider, "Simulator");
    await fails(send({ model: "openrouter/auto", plugins: [{ id: "auto-router", allowedModels: ["x/*"] }] }), "NotFoundResponseError", 404);
  },

  async "how endpoints have done"() {
    const streamed = async () => {
      for await (const chunk of await send({ model: "t/plain", stream: true })) assert.equal(chunk.error, undefined);
    };
    await streamed();
    for (let tries = 0; ; tries++) {
      const { data } = await client.endpoints.list({ author: "t", slug: "plain" });
      const [endpoint] = data.endpoints;
      if (endpoint.latencyLast30m && endpoint.throughputLast30m) {
        assert.equal(endpoint.uptimeLast30m, 100);
        assert.ok(endpoint.latencyLast30m.p50 > 0 && endpoint.throughputLast30m.p99 > 0);
        break;
      }
      assert.ok(tries < 50, "it shows nothing");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  },

  async "errors have the classes of their statuses"() {
    await fails(send({ model: "t/limited" }), "TooManyRequestsResponseError", 429);
    await fails(send({ model: "t/choosy" }), "BadRequestResponseError", 400);
    await fails(send({ model: "acme/unknown" }), "NotFoundResponseError", 404);
    await fails(send({ model: "t/broken" }), "BadGatewayResponseError", 502);
    await fails(send({ model: "t/plain" }, connect("sk-or-v1-wrong")), "UnauthorizedResponseError", 401);
  },

  async "embeddings"() {
    const { data, model, usage } = await client.embeddings.generate({ requestBody: { model: "t/embeds", input: "one" } });
    assert.deepEqual([data[0].embedding, model, usage.cost], [[0.5, -1, 2], "t/embeds", 0.000008]);
    await fails(client.embeddings.generate({ requestBody: { model: "acme/unknown", input: "one" } }), "NotFoundResponseError", 404);
  },

  async "an error within a stream is a chunk"() {
    const chunks = [];
    for await (const chunk of await send({ model: "t/breaks", stream: true })) chunks.push(chunk);
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), "Once ");
    assert.equal(chunks.at(-1).error.code, 502);
    assert.equal(chunks.at(-1).choices[0].finishReason, "error");
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  await check().then(
    () => console.log(`ok ${name}`),
    (error) => (failed++, console.log(`FAILED ${name}: ${error.stack}`)),
  );
}
process.exit(failed ? 1 : 0);
