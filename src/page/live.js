// live.js - stories as they happen. The newest stands on top; a story that goes on moves there again.
import { html, useEffect, useRef, useState } from "./ui.js";
import { t } from "./words.js";
import { scope } from "./state.js";
import { address } from "./api.js";
import { go, link } from "./route.js";
import { Button, Heading, Notice } from "./parts.js";
import { Row, placeOf } from "./rows.js";

const SHOWN = 200;
const HELD = 1000; // what comes during a pause

function keyOf(m) {
	const p = placeOf(m);
	return p.id ? `${p.id} ${p.from ?? ""} ${p.to ?? ""}` : JSON.stringify(p);
}

function put(list, events) {
	let out = list;
	for (const m of events) {
		const key = keyOf(m);
		const turn = (out.find((x) => x.key === key)?.turn ?? 0) + 1;
		out = [{ key, m, turn }, ...out.filter((x) => x.key !== key)];
	}
	return out.slice(0, SHOWN);
}

/* The stream: what it says goes to see(); the browser reconnects by itself unless the server refused. */
function useStream(q, see) {
	const whose = scope.use();
	const [state, set] = useState("wait");
	const told = useRef(see);
	told.current = see;
	useEffect(() => {
		set("wait");
		const source = new EventSource(address("live", { q, scope: whose }));
		const message = (e) => told.current({ kind: e.type, data: read(e.data) });
		for (const kind of ["new", "changed", "said"])
			source.addEventListener(kind, message);
		source.onopen = () => set("live");
		source.onerror = () => set(source.readyState === EventSource.CLOSED ? "ended" : "wait");
		return () => source.close();
	}, [q, whose]);
	return state;
}

function read(text) {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

function State({ state, paused, held }) {
	const word = state === "live" && paused ? "paused" : state;
	return html`
		<p class=${`live-state live-${word}`}
		role="status">${t(`live-${word}`)}${paused && held > 0 && ` ${t("live-held", { n: held })}`}</p>`;
}

function Changed({ m }) {
	const steps = (m.new ?? []).map((i) => m.timeline[i]?.what).filter(Boolean);
	return steps.length > 0 && html`<ul class="live-steps">${steps.slice(-3).map((s, i) => html`<li key=${i}>
		<bdi>${s}</bdi></li>`)}</ul>`;
}

export function Live({ route }) {
	const q = route.words.get("q") ?? "";
	const [text, setText] = useState(q);
	const [list, setList] = useState([]);
	const [paused, setPaused] = useState(false);
	const [note, setNote] = useState("");
	const [held, setHeld] = useState([]);
	useEffect(() => {
		setText(q);
		setList([]);
		setHeld([]);
		setNote("");
	}, [q]);
	const state = useStream(q, ({ kind, data }) => {
		if (kind === "said")
			setNote(typeof data === "string" ? data : data.said ?? data.text ?? data.error ?? "");
		else if (paused)
			setHeld((h) => [...h, data].slice(-HELD));
		else
			setList((l) => put(l, [data]));
	});
	const turn = () => {
		if (paused) {
			setList(put(list, held));
			setHeld([]);
		}
		setPaused(!paused);
	};
	const ask = (e) => {
		e.preventDefault();
		go(link("live", { q: text.trim() }));
	};
	return html`<div class="tools"><${Heading}>${t("live-title")}<//>
			<${State} state=${state} paused=${paused} held=${held.length} /></div>
		<form class="bar" onSubmit=${ask}>
			<label class="out" for="question">${t("live-filter")}</label>
			<input id="question" class="field" type="search" value=${text} placeholder=${t("live-hint")}
				autocomplete="off" spellcheck=${false}
				onInput=${(e) => setText(e.target.value)} />
			<button class="button" type="submit">${t("live-ask")}</button>
			<${Button} icon=${paused ? "play" : "pause"} onClick=${turn}
				aria-pressed=${paused}>${t(paused ? "live-go" : "live-pause")}<//></form>
		${note && html`<${Notice}>${note}<//>`}
		${state === "ended" && html`<${Notice} kind="error">${t("live-ended-why")}<//>`}
		${list.length === 0 ? html`<p class="empty">${t(paused ? "live-none-paused" : "live-none")}</p>`
			: html`<ol class="rows live-rows" aria-label=${t("live-title")}>${list.map((x) => html`
				<${Row} key=${x.key} m=${x.m} fresh=${x.turn} extra=${html`
				<${Changed} m=${x.m} />`} />`)}</ol>`}`;
}
