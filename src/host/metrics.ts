import type { SessionState } from "./session/states.js";
import type { Tally } from "./tally.js";

const STATES: readonly SessionState[] = ["inactive", "starting", "connecting", "active", "stopping", "restarting", "errored"];

/** One family of figures: a name, what it is, and a figure for each set of labels. */
interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];
}

/** The text that Prometheus reads. */
export function metricsText(tallies: readonly Tally[], emitted: ReadonlyMap<string, number>): string {
  return [...pluginFamilies(tallies), eventsFamily(emitted)].map(familyText).join("");
}

function pluginFamilies(tallies: readonly Tally[]): Family[] {
  const each = (value: (tally: Tally) => number): Family["samples"] =>
    tallies.map((tally) => [{ plugin: tally.session.id }, value(tally)] as const);
  const states = tallies.flatMap(({ session }) =>
    STATES.map((state) => [{ plugin: session.id, state }, session.reportedState === state ? 1 : 0] as const),
  );
  return [
    { name: "mortise_plugin_state", help: "1 for the state that a plugin is in.", type: "gauge", samples: states },
    {
      name: "mortise_plugin_restarts_total",
      help: "How often a plugin was started anew.",
      type: "counter",
      samples: each(({ session }) => session.restarts),
    },
    {
      name: "mortise_calls_pending",
      help: "Calls to a plugin that wait for an answer.",
      type: "gauge",
      samples: each((tally) => tally.pendingCalls),
    },
    {
      name: "mortise_calls_running",
      help: "Calls of a plugin that run in the host.",
      type: "gauge",
      samples: each((tally) => tally.runningCalls),
    },
    {
      name: "mortise_call_errors_total",
      help: "Calls, either way, that ended with an error.",
      type: "counter",
      samples: each((tally) => tally.totals.callErrors),
    },
    {
      name: "mortise_calls_timed_out_total",
      help: "Calls to a plugin that were not answered in time.",
      type: "counter",
      samples: each((tally) => tally.totals.callsTimedOut),
    },
    {
      name: "mortise_messages_sent_total",
      help: "Messages sent to a plugin.",
      type: "counter",
      samples: each((tally) => tally.totals.messagesSent),
    },
    {
      name: "mortise_messages_received_total",
      help: "Messages received from a plugin.",
      type: "counter",
      samples: each((tally) => tally.totals.messagesReceived),
    },
    {
      name: "mortise_sent_bytes_total",
      help: "Length of what was sent to a plugin.",
      type: "counter",
      samples: each((tally) => tally.totals.bytesSent),
    },
    {
      name: "mortise_received_bytes_total",
      help: "Length of what was received from a plugin.",
      type: "counter",
      samples: each((tally) => tally.totals.bytesReceived),
    },
    {
      name: "mortise_events_delivered_total",
      help: "Events handed to a plugin's connection.",
      type: "counter",
      samples: each(({ events }) => events.delivered),
    },
    {
      name: "mortise_events_dropped_total",
      help: "Events that a plugin was too slow for.",
      type: "counter",
      samples: each(({ events }) => events.dropped),
    },
    {
      name: "mortise_events_waiting",
      help: "Events that wait for a plugin.",
      type: "gauge",
      samples: each((tally) => tally.eventsWaiting),
    },
  ];
}

function eventsFamily(emitted: ReadonlyMap<string, number>): Family {
  const samples = [...emitted].map(([topic, count]) => [{ topic }, count] as const);
  return { name: "mortise_events_emitted_total", help: "Events emitted, by topic.", type: "counter", samples };
}

function familyText({ name, help, type, samples }: Family): string {
  if (samples.length === 0) return "";
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
    return `${name}{${pairs.join(",")}} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function escapeLabel(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}
