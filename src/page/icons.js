// icons.js - small drawings; they stand beside a word and say nothing themselves.
import { html } from "./ui.js";

const PATHS = {
	search: "M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM20.5 20.5 16 16",
	overview: "M4 20V10m5.5 10V4m5.5 16v-7m5.5 7V7",
	live: "M12 12h.01M8.5 15.5a5 5 0 0 1 0-7m7 0a5 5 0 0 1 0 7M5.5 18.5a9.2 9.2 0 0 1 0-13m13 0a9.2 9.2 0 0 1 0 13",
	queue: "M5 7h14M5 12h14M5 17h8",
	refused: "M12 3.5 19 6v5.5c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6zM9.5 9.5l5 5m0-5-5 5",
	explain: "M12 20.5a8.5 8.5 0 1 0-7.5-4.5L3.5 20.5 8 19.5a8.4 8.4 0 0 0 4 1zM9.8 9.8c.2-1.2 1.1-1.9 2.3-1.9 1.3 0 2.3.8 2.3 2 0 1.7-2.3 1.7-2.3 3.4M12.1 16h.01",
	delivered: "M4.5 12.5 10 18 20 7",
	forwarded: "M4 17v-2a5 5 0 0 1 5-5h10m-4.5-4.5L19 10l-4.5 4.5",
	relayed: "M4 12h15m-5-5.5 5.5 5.5L14 17.5",
	waiting: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM12 7.5V12l3 2.5",
	refusedv: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM6 6l12 12",
	later: "M4 12a8 8 0 0 1 13.5-5.8L20 8.5M20 4v4.5h-4.5M20 12a8 8 0 0 1-13.5 5.8L4 15.5M4 20v-4.5h4.5",
	returned: "M9 7 4.5 11.5 9 16M5 11.5h9a5 5 0 0 1 5 5V18",
	discarded: "M5 7h14M10 7V4.5h4V7m-7.5 0 .8 12.5h9.4L17.5 7",
	abandoned: "M8 8l8 8m0-8-8 8",
	unknown: "M9 9.3c.2-1.6 1.4-2.8 3.1-2.8s3 1.1 3 2.7c0 2.3-3.1 2.3-3.1 4.6M12 17.5h.01",
	mixed: "M4 8h6l4 8h6M4 16h6l4-8h6",
	gate: "M12 3.5 19 6v5.5c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6z",
	smtp: "M4 6h16v12H4zM4.5 6.5 12 13l7.5-6.5",
	delivery: "M4 13.5h4l1.5 2.5h5l1.5-2.5h4M4 13.5V18a1.5 1.5 0 0 0 1.5 1.5h13A1.5 1.5 0 0 0 20 18v-4.5M12 3.5v8m-3-3 3 3 3-3",
	close: "M6.5 6.5l11 11m0-11-11 11",
	link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1",
	copy: "M9 9h10v11H9zM5.5 15H5V4h10v.5",
	print: "M7 8V4h10v4M7 17H4.5v-7A1.5 1.5 0 0 1 6 8.5h12a1.5 1.5 0 0 1 1.5 1.5v7H17M7 14h10v6H7z",
	download: "M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 19.5h14",
	back: "M15 5.5 8.5 12l6.5 6.5",
	next: "M9 5.5 15.5 12 9 18.5",
	down: "M6 9.5l6 6 6-6",
	warning: "M12 4 21 19.5H3zM12 10v4M12 17h.01",
	person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20c.8-3.6 3.8-5.5 7.5-5.5s6.7 1.9 7.5 5.5",
	pause: "M8.5 5v14M15.5 5v14",
	play: "M8 5l11 7-11 7z",
	allow: "M12 3.5 19 6v5.5c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6zM8.5 12l2.5 2.5 4.5-5",
	info: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM12 11v5.5M12 7.8h.01",
};

export function Icon({ name }) {
	return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=${PATHS[name] ?? PATHS.unknown} /></svg>`;
}

export function Logo() {
	return html`<img class="logo" src="icon.svg" alt="" width="26" height="26" />`;
}
