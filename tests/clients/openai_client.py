"""The openai SDK for Python against the gateway: what an application sees that only changes its base URL.

Run by tests/envoy/clients.rs with GATEWAY (…/api/v1) in the environment.
"""

import asyncio
import json
import os
import sys
import traceback

import openai

TEXT = "Once upon a time there was a signal box — by the line to 東京."
GATEWAY = os.environ["GATEWAY"]
MESSAGES = [{"role": "user", "content": "Tell me a story."}]
TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}}}}]

client = openai.OpenAI(base_url=GATEWAY, api_key="sk-or-v1-test", max_retries=0)


def create(model, client=client, **more):
    return client.chat.completions.create(**{"model": model, "messages": MESSAGES} | more)


def text_of(stream):
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def fails(kind, status, model, **more):
    try:
        create(model, **more)
    except openai.APIStatusError as error:
        assert type(error) is kind, f"{type(error).__name__} instead of {kind.__name__}: {error}"
        assert error.status_code == status, error.status_code
        assert error.body["code"] == status and isinstance(error.body["message"], str), error.body
        return error
    raise AssertionError("it did not fail")


def check_a_completion():
    completion = create("t/plain")
    assert completion.choices[0].message.content == TEXT
    assert completion.choices[0].finish_reason == "stop"
    assert completion.model == "t/plain"
    assert completion.usage.prompt_tokens == 20
    assert abs(completion.usage.cost - 40e-6) < 1e-12, completion.usage.cost


def check_a_model_by_its_id():
    model = client.models.retrieve("t/plain")
    assert (model.id, model.object, model.created, model.owned_by) == ("t/plain", "model", 0, "t"), model
    assert model.data["id"] == "t/plain"


def check_a_stream():
    chunks = list(create("t/plain", stream=True))
    assert text_of(chunks) == TEXT
    assert [chunk.usage.completion_tokens for chunk in chunks if chunk.usage] == [10]
    assert chunks[-1].choices == []


def check_the_stream_helper_puts_a_completion_together():
    with client.chat.completions.stream(model="t/plain", messages=MESSAGES) as stream:
        completion = stream.get_final_completion()
    assert completion.choices[0].message.content == TEXT
    assert completion.usage.completion_tokens == 10


def check_tool_calls_and_their_results():
    first = create("t/tools", tools=TOOLS).choices[0]
    assert first.finish_reason == "tool_calls"
    calls = first.message.tool_calls
    assert [json.loads(call.function.arguments)["city"] for call in calls] == ["Zürich", "Paris"]
    results = [{"role": "tool", "tool_call_id": call.id, "content": "12"} for call in calls]
    second = create("t/tools", tools=TOOLS, messages=[*MESSAGES, first.message, *results])
    assert second.choices[0].message.content == "12 degrees in Zürich, 18 in Paris."


def check_streamed_tool_calls():
    with client.chat.completions.stream(model="t/tools", messages=MESSAGES, tools=TOOLS) as stream:
        calls = stream.get_final_completion().choices[0].message.tool_calls
    found = [(call.id, json.loads(call.function.arguments)["city"]) for call in calls]
    assert found == [("call_1", "Zürich"), ("call_2", "Paris")], found


def check_a_fallback_is_not_seen():
    completion = create("t/falls-back")
    assert completion.choices[0].message.content == TEXT
    assert completion.provider == "Simulator"
    assert text_of(create("t/falls-back", stream=True)) == TEXT


def check_errors_have_the_classes_of_their_statuses():
    limited = fails(openai.RateLimitError, 429, "t/limited")
    assert limited.body["metadata"]["provider_name"] == "Simulator", limited.body
    fails(openai.RateLimitError, 429, "t/limited", stream=True)
    fails(openai.InternalServerError, 502, "t/broken")
    fails(openai.BadRequestError, 400, "t/choosy")
    fails(openai.UnprocessableEntityError, 422, "t/strict")
    fails(openai.NotFoundError, 404, "acme/unknown")
    fails(openai.BadRequestError, 400, "t/plain", messages="none")
    stranger = openai.OpenAI(base_url=GATEWAY, api_key="sk-or-v1-wrong", max_retries=0)
    fails(openai.AuthenticationError, 401, "t/plain", client=stranger)


def check_an_error_within_a_stream_is_raised_after_what_came_before_it():
    text = ""
    try:
        for chunk in create("t/breaks", stream=True):
            text += text_of([chunk])
    except openai.APIError:
        assert text == "Once ", text
    else:
        raise AssertionError("it did not fail")


def check_many_at_a_time():
    async def ask_all():
        async with openai.AsyncOpenAI(base_url=GATEWAY, api_key="sk-or-v1-test", max_retries=0) as client:
            requests = [client.chat.completions.create(model="t/falls-back", messages=MESSAGES) for _ in range(40)]
            return await asyncio.gather(*requests)

    assert {completion.choices[0].message.content for completion in asyncio.run(ask_all())} == {TEXT}


def check_openrouters_own_members_and_headers():
    extra = {"models": ["t/plain"], "provider": {"order": ["simulator"]}, "usage": {"include": True}}
    response = client.chat.completions.with_raw_response.create(model="t/broken", messages=MESSAGES, extra_body=extra)
    completion = response.parse()
    assert completion.model == "t/plain"
    assert response.headers["x-generation-id"] == completion.id
    assert float(response.headers["x-openrouter-cost"]) == completion.usage.cost


def check_embeddings():
    for more in [{}, {"encoding_format": "float"}]:
        answer = client.embeddings.create(model="t/embeds", input=["one", "two"], **more)
        assert [one.embedding for one in answer.data] == [[0.5, -1.0, 2.0]] * 2, answer.data
        assert (answer.model, answer.usage.prompt_tokens) == ("t/embeds", 8)


def check_a_legacy_completion():
    completion = client.completions.create(model="t/plain", prompt="Tell me a story.")
    assert (completion.object, completion.choices[0].text) == ("text_completion", TEXT)
    chunks = list(client.completions.create(model="t/plain", prompt="Tell me a story.", stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices) == TEXT


def check_a_response():
    response = client.responses.create(model="t/plain", input="Tell me a story.")
    assert (response.status, response.output_text, response.usage.output_tokens) == ("completed", TEXT, 10)
    with client.responses.stream(model="t/plain", input="Tell me a story.") as stream:
        assert stream.get_final_response().output_text == TEXT


def main():
    failed = 0
    for name, check in list(globals().items()):
        if name.startswith("check_"):
            try:
                check()
                print("ok", name)
            except Exception:
                failed += 1
                print("FAILED", name, traceback.format_exc())
    sys.exit(1 if failed else 0)


main()
