// drive.mjs - a real browser at the page: what a test may do with it, and what is wrong on every page.
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
	"--disable-component-update", "--disable-sync"];
export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1280, height: 900 };
const PATIENCE = 20000; // ms until something that must happen has not happened

/* A page that notes all that must not be: errors, and requests to anybody but our server. */
export class Visit {
	constructor(page, base) {
		this.page = page;
		this.base = base;
		this.wrong = [];
		this.deaf = false; // axe-core writes styles that our policy forbids
		page.setDefaultTimeout(PATIENCE);
		page.on("console", (m) => {
			if (["error", "warning"].includes(m.type()) && !this.deaf && !this.expected?.test(m.text()))
				this.wrong.push(`console: ${m.text()} ${m.location().url}`);
		});
		page.on("pageerror", (e) => this.wrong.push(`exception: ${e.stack}`));
		page.on("request", (r) => {
			if (!r.url().startsWith(base) && !/^(data|blob):/.test(r.url()))
				this.wrong.push(`a request to the outside: ${r.url()}`);
		});
		page.on("dialog", (d) => {
			this.wrong.push(`a script of a log ran: ${d.message()}`);
			d.dismiss();
		});
	}

	/* A place of the page ("#/search?q=..."), until its heading is there. */
	async open(place, until = "#heading") {
		if (this.page.url().startsWith(this.base))
			await this.page.evaluate((to) => (location.hash = to), place);
		else
			await this.page.goto(this.base + place);
		await this.page.locator(until).first().waitFor({ state: "attached" });
		await this.settled();
	}

	/* Nothing is loading and no answer is on its way. */
	async settled() {
		await this.page.waitForFunction(() => document.getElementById("main") !== null
			&& document.querySelector(".loading, [aria-busy=true]") === null);
	}

	async text(selector = "#main") {
		return this.page.locator(selector).first().innerText();
	}

	async says(words, selector = "#main") {
		const said = ([at, want]) => document.querySelector(at)?.innerText.includes(want);
		await this.page.waitForFunction(said, [selector, words]).catch(async () =>
			assert.fail(`${selector} does not say: ${words}\n${await this.text(selector)}`));
	}

	/* PAGE_SHOTS=FOLDER keeps a picture of every view, for people to look at. */
	async picture(name) {
		if (!process.env.PAGE_SHOTS)
			return;
		const { width } = this.page.viewportSize();
		const scheme = await this.page.evaluate(() => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
		const file = `${name} ${width} ${scheme}.png`.replace(/[^\w.]+/g, "-");
		await this.page.screenshot({ path: `${process.env.PAGE_SHOTS}/${file}`, fullPage: true });
	}

	/* What a machine can say about use without sight, without a mouse, with weak eyes. */
	async accessible(name) {
		await this.picture(name);
		this.deaf = true;
		await this.page.evaluate(axe);
		const found = await this.page.evaluate(async () => {
			document.getAnimations().forEach((a) => a.finish());
			const { violations } = await globalThis.axe.run(document, { preload: false });
			const nodes = (v) => v.nodes.map((n) => `    ${n.html.slice(0, 300)}\n    ${n.failureSummary}`).join("\n");
			return violations.map((v) => `${v.id}: ${v.help}\n${nodes(v)}`);
		});
		this.deaf = false;
		assert.deepEqual(found, [], `axe-core about ${name}`);
		const wide = await this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
		assert.equal(wide, 0, `${name} is wider than the screen`);
		const hidden = await this.page.evaluate(() => [...document.querySelectorAll(".table-wrap, .acts")]
			.filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.className));
		assert.deepEqual(hidden, [], `${name} has what only sideways scrolling shows`);
	}

	clean(name) {
		assert.deepEqual(this.wrong, [], name);
	}
}

/* Steps one after the other; each has a name, for whoever reads of its failure. */
export async function run(steps) {
	const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGS });
	let failed = 0;
	for (const [name, step] of steps) {
		const began = performance.now();
		try {
			await step(browser);
			console.log(`ok      ${name} (${Math.round(performance.now() - began)} ms)`);
		} catch (e) {
			failed++;
			console.log(`FAILED  ${name}\n${e.stack}`);
		}
	}
	await browser.close();
	process.exitCode = failed > 0 ? 1 : 0;
}

/* with(visit) in a browser of its own: no cookie, no memory. */
export async function visit(browser, base, { screen = DESK, scheme = "light", zone = "America/New_York", cookies = [] }, act) {
	const context = await browser.newContext({ viewport: screen, colorScheme: scheme, timezoneId: zone, locale: "en-GB", reducedMotion: "reduce" });
	if (cookies.length > 0)
		await context.addCookies(cookies);
	const page = await context.newPage();
	const v = new Visit(page, base);
	try {
		await act(v, page, context);
		v.clean("what went wrong meanwhile");
	} catch (e) {
		await v.picture("failed").catch(() => {});
		throw e;
	} finally {
		await context.close();
	}
}
