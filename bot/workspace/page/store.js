// What this person sees, kept up to date by the server's events.

const AGAIN_MS = 3000;

export class Store {
  constructor(onChange) {
    this.onChange = onChange;
    this.ready = false;
    this.read = new Map();
    this.source = null;
    this.reset({ channels: [], people: [], messages: [], statuses: [], prompts: [], team: {}, bot: {}, you: "" });
  }

  reset(whole) {
    this.team = whole.team;
    this.bot = whole.bot;
    this.you = whole.you;
    this.people = whole.people;
    this.channels = new Map(whole.channels.map((channel) => [channel.id, channel]));
    this.messages = new Map();
    for (const message of whole.messages) this.keep(message);
    this.statuses = new Map(whole.statuses.map((status) => [`${status.channel}/${status.thread}`, status]));
    this.prompts = new Map(whole.prompts.map((one) => [`${one.channel}/${one.thread}`, one]));
    this.view = whole.view ?? null;
    this.home = whole.home ?? null;
  }

  keep(message) {
    if (!this.messages.has(message.channel)) this.messages.set(message.channel, new Map());
    this.messages.get(message.channel).set(message.ts, message);
  }

  // One stream of events for one person: everything first, then the news.
  follow(person, onState) {
    this.source?.close();
    this.ready = false;
    const source = new EventSource(`/ui/events?person=${encodeURIComponent(person)}`);
    this.source = source;
    source.addEventListener("whole", (event) => {
      const first = !this.ready;
      this.reset(JSON.parse(event.data));
      if (first) this.markOldRead();
      this.ready = true;
      onState(true);
      this.onChange({ whole: true, first });
    });
    source.addEventListener("news", (event) => {
      const news = JSON.parse(event.data);
      for (const piece of news) this.take(piece);
      if (news.length) this.onChange({ news });
    });
    source.addEventListener("error", () => {
      onState(false);
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.source === source && this.follow(person, onState), AGAIN_MS);
    });
  }

  take(piece) {
    const key = `${piece.channel}/${piece.thread}`;
    if (piece.kind === "message") this.keep(piece);
    else if (piece.kind === "gone") this.messages.get(piece.channel)?.delete(piece.ts);
    else if (piece.kind === "status") this.statuses.set(key, piece);
    else if (piece.kind === "prompts") this.prompts.set(key, piece);
    else if (piece.kind === "view") this.view = piece.view;
    else if (piece.kind === "home") this.home = piece.view;
  }

  all(channel) {
    return [...(this.messages.get(channel)?.values() ?? [])].sort((a, b) => (a.ts < b.ts ? -1 : 1));
  }

  timeline(channel) {
    return this.all(channel).filter((message) => !message.thread_ts || message.thread_ts === message.ts);
  }

  thread(channel, root) {
    return this.all(channel).filter((message) => message.ts === root || message.thread_ts === root);
  }

  replies(channel, root) {
    return this.thread(channel, root).filter((message) => message.ts !== root && !message.whisper).length;
  }

  status(channel, thread) {
    const status = this.statuses.get(`${channel}/${thread}`);
    return status?.text ? status : null;
  }

  latest(channel) {
    const others = this.all(channel).filter((message) => message.user !== this.you);
    return others.at(-1)?.ts ?? "";
  }

  markOldRead() {
    for (const id of this.channels.keys()) if (!this.read.has(`${this.you}/${id}`)) this.markRead(id);
  }

  markRead(channel) {
    this.read.set(`${this.you}/${channel}`, this.latest(channel));
  }

  unread(channel) {
    return this.latest(channel) > (this.read.get(`${this.you}/${channel}`) ?? "");
  }

  personName(id) {
    if (id === this.bot.id) return this.bot.title;
    if (id === "USLACKBOT") return "Workspace";
    return this.people.find((person) => person.id === id)?.name ?? id;
  }
}

// Why something that was pressed or submitted came to nothing.
export const WHY = {
  http_timeout: "The app did not answer within 3 seconds.",
  http_error: "The app answered with an error.",
  connection_failed: "The app cannot be reached.",
  invalid_answer: "The app's answer makes no sense here, so nothing was done.",
};

export async function act(name, body) {
  try {
    const response = await fetch(`/ui/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return await response.json();
  } catch {
    // Whether it arrived is not known; what the page shows comes from the events alone.
    return { error: "The workspace is not reachable. Is the demo still running?" };
  }
}
