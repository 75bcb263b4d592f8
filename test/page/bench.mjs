// bench.mjs WORLD - how long a reader waits: the page's first paint, and the answer to a question. JSON on stdout.
import { chromium } from "playwright-core";

const { base, enter, questions, rounds } = JSON.parse(process.argv[2]);
const ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];

/* A browser that was never here: nothing is kept. */
async function paint(browser, state) {
	const context = await browser.newContext({ storageState: state, viewport: { width: 1280, height: 900 } });
	const page = await context.newPage();
	await page.goto(`${base}healthz`); // the browser has begun: what is measured is the page
	await page.goto(base);
	await page.locator(".row").first().waitFor();
	const found = await page.evaluate(() => {
		const paints = Object.fromEntries(performance.getEntriesByType("paint").map((p) => [p.name, p.startTime]));
		const loaded = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
		return {
			paint: paints["first-contentful-paint"],
			rows: performance.now(),
			bytes: loaded.filter((r) => !r.name.includes("/api/")).reduce((n, r) => n + r.transferSize, 0),
			requests: loaded.length,
		};
	});
	await context.close();
	return found;
}

/* From the key that sends the question to the frame that shows its rows. */
async function answer(page, question) {
	await page.fill("#question", question);
	return page.evaluate((q) => new Promise((done) => {
		const begin = performance.now();
		const look = () => {
			const shown = document.querySelector(".chip.set")?.innerText.includes(q.replace(/^\w+:/, ""));
			if (shown && document.querySelector(".row") !== null && document.querySelector("[aria-busy=true]") === null)
				requestAnimationFrame(() => done(performance.now() - begin));
			else
				setTimeout(look, 1);
		};
		document.querySelector(".box").requestSubmit();
		look();
	}), question);
}

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGS });
const first = await browser.newContext();
const page = await first.newPage();
await page.goto(enter);
await page.locator("#question").waitFor();
const state = await first.storageState();
const loads = [];
for (let i = 0; i < rounds; i++)
	loads.push(await paint(browser, state));
const answers = [];
for (const q of questions)
	answers.push(await answer(page, q));
await browser.close();
console.log(JSON.stringify({ loads, answers }));
