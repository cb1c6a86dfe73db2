// What a client for JavaScript has of answers in the end; run in a folder that has the client in node_modules.
// `node drive.mjs CLIENT` reads a JSON list of jobs, each with `url` and `way`, from standard input, and writes a list
// of what came: {"raised": …} or the fields that the application holds.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const local = createRequire(join(process.cwd(), "package.json"));
const load = (name) => import(pathToFileURL(local.resolve(name)).href);
const versionOf = (name) =>
  JSON.parse(readFileSync(join(process.cwd(), "node_modules", name, "package.json"))).version;
const model = "played";
const messages = [{ role: "user", content: "What is played does not depend on this." }];
const counts = (usage, names) => (usage ? names.map((name) => usage[name] ?? null) : null);
const OPENAI = ["prompt_tokens", "completion_tokens", "total_tokens"];
const RESPONSES = ["input_tokens", "output_tokens", "total_tokens"];
const called = (call) => [call.id ?? null, call.function.name ?? null, call.function.arguments ?? null];

const whole = (answer) => ({
  text: answer.choices.map((choice) => choice.message.content || ""),
  calls: answer.choices.map((choice) => (choice.message.tool_calls ?? []).map(called)),
  finish: answer.choices.map((choice) => choice.finish_reason || null),
  usage: counts(answer.usage, OPENAI),
});

async function pieces(stream) {
  const texts = new Map(), finish = new Map(), calls = new Map();
  let usage = null;
  for await (const chunk of stream) {
    usage = chunk.usage || usage;
    for (const choice of chunk.choices) {
      const number = choice.index;
      texts.set(number, (texts.get(number) ?? "") + (choice.delta.content || ""));
      finish.set(number, finish.get(number) || choice.finish_reason || null);
      if (!calls.has(number)) calls.set(number, new Map());
      for (const delta of choice.delta.tool_calls ?? []) {
        const gathered = calls.get(number);
        const call = gathered.get(delta.index) ?? [null, null, null];
        call[0] = call[0] || delta.id || null;
        call[1] = call[1] || delta.function?.name || null;
        if (delta.function?.arguments !== undefined && delta.function.arguments !== null)
          call[2] = (call[2] ?? "") + delta.function.arguments;
        gathered.set(delta.index, call);
      }
    }
  }
  return {
    text: [...texts.values()],
    calls: [...calls.values()].map((each) => [...each.values()]),
    finish: [...finish.values()],
    usage: counts(usage, OPENAI),
  };
}

const responseCalls = (output) =>
  output
    .filter((item) => item.type === "function_call")
    .map((item) => [item.call_id ?? null, item.name ?? null, item.arguments ?? null]);

const ended = (response) => ({
  text: [response.output_text ?? ""],
  calls: [responseCalls(response.output)],
  finish: [response.status ?? null],
  usage: counts(response.usage, RESPONSES),
});

async function events(stream) {
  let text = "", last = null;
  const items = [];
  for await (const event of stream) {
    if (event.type === "response.output_text.delta") text += event.delta;
    if (event.type === "response.output_item.done") items.push(event.item);
    if (["response.completed", "response.incomplete", "response.failed"].includes(event.type)) last = event.response;
  }
  return { text: [text], calls: [responseCalls(items)], finish: [last?.status ?? null], usage: counts(last?.usage, RESPONSES) };
}

async function node() {
  const { default: OpenAI } = await load("openai");
  const client = (url) => new OpenAI({ baseURL: url, apiKey: "none", maxRetries: 1, timeout: 20000 });
  const streamed = { model, messages, stream: true, stream_options: { include_usage: true } };
  return {
    "chat": async (url) => whole(await client(url).chat.completions.create({ model, messages })),
    "chat-stream": async (url) => pieces(await client(url).chat.completions.create(streamed)),
    "legacy": async (url) => {
      const answer = await client(url).completions.create({ model, prompt: "a" });
      return { text: answer.choices.map((choice) => choice.text ?? null), calls: [], finish: answer.choices.map((choice) => choice.finish_reason || null), usage: counts(answer.usage, OPENAI) };
    },
    "embeddings": async (url) => ({ vectors: (await client(url).embeddings.create({ model, input: "a" })).data.map((one) => [...one.embedding]) }),
    "models": async (url) => ({ ids: (await client(url).models.list()).data.map((one) => one.id ?? null) }),
    "retrieve": async (url) => ({ ids: [(await client(url).models.retrieve(model)).id ?? null] }),
    "responses": async (url) => ended(await client(url).responses.create({ model, input: "a" })),
    "responses-stream": async (url) => events(await client(url).responses.create({ model, input: "a", stream: true })),
  };
}

async function nodeHelper() {
  const { default: OpenAI } = await load("openai");
  const client = (url) => new OpenAI({ baseURL: url, apiKey: "none", maxRetries: 1, timeout: 20000 });
  const streamed = { model, messages, stream: true, stream_options: { include_usage: true } };
  return {
    "chat-stream": async (url) => whole(await client(url).chat.completions.stream(streamed).finalChatCompletion()),
    "responses-stream": async (url) => events(client(url).responses.stream({ model, input: "a" })),
  };
}

const vercelFinish = { "tool-calls": "tool_calls", "content-filter": "content_filter" };
const total = (count) => (typeof count === "object" && count !== null ? count.total : count) ?? null;

function vercelHeld(text, calls, reason, usage) {
  const said = reason?.raw ?? reason?.unified ?? reason;
  return {
    text: [text],
    calls: [calls.map((call) => [call.toolCallId ?? null, call.toolName ?? null, call.input ?? null])],
    finish: [vercelFinish[said] ?? said ?? null],
    usage: usage ? [total(usage.inputTokens), total(usage.outputTokens), null] : null,
  };
}

async function vercel() {
  const { createOpenAICompatible } = await load("@ai-sdk/openai-compatible");
  const ai = await load("ai");
  const provider = (url) => createOpenAICompatible({ name: "played", baseURL: url, apiKey: "none", includeUsage: true });
  return {
    "chat": async (url) => {
      const found = await ai.generateText({ model: provider(url)(model), prompt: "a", maxRetries: 1 });
      return vercelHeld(found.text, asCalled(found.toolCalls), found.rawFinishReason ?? found.finishReason, found.usage);
    },
    "chat-stream": async (url) => {
      let text = "", finish = null, usage = null;
      const calls = [];
      const stream = ai.streamText({ model: provider(url)(model), prompt: "a", maxRetries: 1, onError: () => {} });
      for await (const part of stream.fullStream) {
        if (part.type === "error") throw part.error;
        if (part.type === "text-delta") text += part.text;
        if (part.type === "tool-call") calls.push(part);
        if (part.type === "finish") [finish, usage] = [part.rawFinishReason ?? part.finishReason, part.totalUsage];
      }
      return vercelHeld(text, asCalled(calls), finish, usage);
    },
    "embeddings": async (url) => ({ vectors: [(await ai.embed({ model: provider(url).textEmbeddingModel(model), value: "a", maxRetries: 1 })).embedding] }),
  };
}

const asCalled = (calls) =>
  calls.map((call) => ({ ...call, input: typeof call.input === "string" ? call.input : JSON.stringify(call.input) }));

const CLIENTS = {
  "openai-node": [node, "openai"],
  "openai-node helper": [nodeHelper, "openai"],
  "Vercel AI SDK": [vercel, "@ai-sdk/openai-compatible"],
};

const told = (problem) => {
  const cause = problem?.lastError ?? problem?.cause;
  return `${problem?.name ?? problem?.constructor?.name}: ${problem?.message}${cause?.responseBody ? " " + cause.message : ""}`;
};

const [make, name] = CLIENTS[process.argv[2]];
process.on("unhandledRejection", () => {});
const ways = await make();
const jobs = JSON.parse(readFileSync(0));
const came = new Array(jobs.length).fill(null);
let next = 0;
const worker = async () => {
  while (next < jobs.length) {
    const number = next++;
    const { way, url } = jobs[number];
    if (!ways[way]) continue;
    let timer;
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("hangs")), 20000)));
    try {
      came[number] = await Promise.race([ways[way](url), late]);
    } catch (problem) {
      came[number] = { raised: told(problem) };
    }
    clearTimeout(timer);
  }
};
await Promise.all(Array.from({ length: 12 }, worker));
process.stdout.write(JSON.stringify({ version: versionOf(name), came }), () => process.exit(0));
