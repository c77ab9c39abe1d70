"""Three completions through Signalbox in stock Envoy, with simulated providers and no keys: what `make demo` runs."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import serve

PLAIN = {"model": "openai/gpt-4o-mini",
         "messages": [{"role": "user", "content": "What is the capital of France?"}]}
STREAMED = {"model": "anthropic/claude-sonnet-4.5", "stream": True,
            "messages": [{"role": "user", "content": "What is a signal box?"}]}
# The simulated Groq answers 429 to every prompt that has the word `busy` in it.
FAILING_OVER = {"model": "meta-llama/llama-3.3-70b-instruct", "provider": {"order": ["groq", "together"]},
                "messages": [{"role": "user", "content": "Who answers while Groq is busy?"}]}


def main():
    with serve.cleanup() as stack:
        log = stack.enter_context(tempfile.NamedTemporaryFile("w", prefix="signalbox-envoy-", suffix=".log"))
        envoy = serve.start(stack, serve.SHIPPED, True, 0, 0, log)
        try:
            show(envoy)
        except serve.Failed as failed:
            sys.stdout.flush()
            raise serve.Failed(f"{failed}\nEnvoy's log:\n{pathlib.Path(log.name).read_text()}") from failed


def show(envoy):
    before = statistics(envoy)

    title("A plain completion")
    print_answer(curl(envoy, PLAIN))

    title("A streamed completion")
    stream = curl(envoy, STREAMED)
    print(stream.rstrip())
    print_usage(chunks(stream)[-1])

    title("A completion whose first provider answers 429")
    answer = print_answer(curl(envoy, FAILING_OVER))
    if answer.get("provider", "").lower() != "together":
        raise serve.Failed(f"expected the answer of the second provider, Together, got that of {answer.get('provider')!r}")

    title("The statistics that moved (/stats/prometheus)")
    moved = {name: (before.get(name, 0), value) for name, value in statistics(envoy).items() if value != before.get(name, 0)}
    for name, (old, new) in sorted(moved.items()):
        print(f"{name} {old:g} → {new:g}" if old else f"{name} {new:g}")
    for expected in "signalbox_cost_nano_usd_total", "signalbox_tokens_total", "signalbox_fallbacks_total":
        if not any(name.startswith(expected) for name in moved):
            raise serve.Failed(f"{expected} did not move")


def curl(envoy, body):
    command = ["curl", "-sS", "--fail-with-body", "--no-buffer", "--max-time", "20", f"{envoy.url}/api/v1/chat/completions",
               "-H", f"authorization: Bearer {serve.KEY}", "-H", "content-type: application/json",
               "-d", json.dumps(body, ensure_ascii=False)]
    print("$ curl " + " ".join(quoted(part) for part in command[6:]), flush=True)
    try:
        result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise serve.Failed("curl is missing") from error
    if result.returncode != 0:
        raise serve.Failed(f"curl failed: {result.stderr.strip()} {result.stdout.strip()}")
    return result.stdout


def quoted(part):
    return f"'{part}'" if re.search(r"[^\w:/.-]", part) else part


def completion(text):
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise serve.Failed(f"the answer is not JSON: {text[:500]}") from error


def chunks(stream):
    data = [line.removeprefix("data: ") for line in stream.splitlines() if line.startswith("data: ")]
    if len(data) < 2 or data[-1] != "[DONE]":
        raise serve.Failed("the stream does not end with [DONE]")
    return [completion(text) for text in data[:-1]]


def print_answer(text):
    answer = completion(text)
    # Indented, with every number as it came: Python would write a small cost as 7.2e-06.
    marked = json.dumps(json.loads(text, parse_float=lambda number: f"\0{number}"), indent=2)
    print(re.sub(r'"\\u0000([^"]*)"', r"\1", marked))
    print_usage(answer)
    return answer


def print_usage(answer):
    usage = answer.get("usage")
    if not usage or "cost" not in usage:
        raise serve.Failed("the answer has no usage with a cost")
    print(f"→ {answer.get('provider')}: {usage['prompt_tokens']} prompt tokens + {usage['completion_tokens']} completion "
          f"tokens = ${usage['cost']:.9f}".rstrip("0"))
    if usage.get("estimated"):
        print('  ("estimated": the simulated provider reports no usage in its streams, so the gateway counted for itself; real ones do.\n'
              "  signalbox_estimated_usage_total, below, counts such answers.)")


def statistics(envoy):
    """Every counter and gauge of Signalbox. Histograms follow up to a second later, so they are left out."""
    lines = serve.get(f"{envoy.admin}/stats/prometheus").splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)
            if name.startswith("signalbox_")}


def title(text):
    print(f"\n── {text} " + "─" * (100 - len(text)), flush=True)


if __name__ == "__main__":
    serve.run(main)
