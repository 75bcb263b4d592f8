// plot.js - volume by hour or day: a row of bars, each stacked by what became of the mail, each a link to its messages.
import { html, useRef, useState } from "./ui.js";
import { t, count } from "./words.js";

/* A round number that is not below the highest, and where lines are drawn below it. */
function scale(highest) {
	const ten = 10 ** Math.floor(Math.log10(Math.max(1, highest)));
	const steps = [0.25, 0.5, 1, 2, 2.5].map((x) => x * ten);
	const step = steps.find((s) => s >= 1 && highest / s <= 5) ?? Math.max(1, ten);
	const top = Math.max(1, Math.ceil(highest / step)) * step;
	return { top, lines: Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step) };
}

function Bar({ bar, i, series, top, tabbable, show, move }) {
	return html`<a class="column" href=${bar.to} aria-label=${bar.words} tabindex=${tabbable ? 0 : -1}
		onMouseEnter=${() => show(i)} onFocus=${() => show(i)}
		onKeyDown=${move}>${series.map((s) => bar.n[s.key] > 0 && html`<i key=${s.key} class=${`fill-${s.fill}`}
			style=${{ height: `${100 * bar.n[s.key] / top}%` }}></i>`)}</a>`;
}

/* bars: { n: { key: number }, name, words, to }; series: { key, fill, label }, from the bottom up. One bar at a time
 * is in the order of the tab key, arrows go on from it. */
export function Bars({ bars, series, label }) {
	const [at, set] = useState(-1);
	const row = useRef(null);
	const sum = (b) => series.reduce((n, s) => n + b.n[s.key], 0);
	const { top, lines } = scale(Math.max(...bars.map(sum)));
	const every = Math.max(1, Math.ceil(bars.length / 8));
	const here = Math.min(at, bars.length - 1);
	const move = (e) => {
		const to = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: bars.length - 1 }[e.key];
		if (to === undefined || to < 0 || to >= bars.length)
			return;
		e.preventDefault();
		row.current.children[to].focus();
	};
	return html`<figure class="plot">
		<p class="tip" aria-hidden="true">${here < 0 ? t("plot-click") : bars[here].words}</p>
		<div class="plot-in"><div class="plot-lines" aria-hidden="true">${lines.map((n) => html`
			<span key=${n} style=${{ bottom: `${100 * n / top}%` }}>${count(n)}</span>`)}</div>
			<div class="plot-bars" role="group" aria-label=${label} ref=${row}
				onMouseLeave=${() => set(-1)}>${bars.map((b, i) => html`<${Bar} key=${i} bar=${b} i=${i}
				series=${series} top=${top} tabbable=${i === Math.max(0, here)} show=${set}
					move=${move} />`)}</div></div>
		<div class="plot-names" aria-hidden="true">${bars.map((b, i) => i % every === 0 && html`
			<span key=${i} style=${{ left: `${100 * (i + 0.5) / bars.length}%` }}>${b.name}</span>`)}</div>
		<figcaption class="legend">${series.map((s) => html`<span key=${s.key}>
			<i class=${`swatch fill-${s.fill}`}></i>${s.label}</span>`)}</figcaption></figure>`;
}
