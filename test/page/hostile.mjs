// hostile.mjs WORLD - what strangers write into our logs is text, and nothing but text, in every view.
import assert from "node:assert/strict";
import { run, visit } from "./drive.mjs";
import { say } from "./smtp.mjs";

const world = JSON.parse(process.argv[2]);
const MARKUP = "script, img, iframe, object, embed, style, link, b, base, form[action], a[href^='javascript:']";

/* No markup of a log is an element, and no mark that turns text stands where it could turn ours. */
async function inert(page, where) {
	const found = await page.evaluate((markup) => {
		const out = [...document.querySelectorAll(`#main :is(${markup})`)].map((e) => e.outerHTML.slice(0, 200));
		const walk = document.createTreeWalker(document.getElementById("main"), NodeFilter.SHOW_TEXT);
		while (walk.nextNode())
			if (/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(walk.currentNode.data) && !walk.currentNode.parentElement.closest("bdi, textarea"))
				out.push(`a mark that turns text: ${walk.currentNode.data.slice(0, 200)}`);
		return out;
	}, MARKUP);
	assert.deepEqual(found, [], where);
	assert.equal(await page.evaluate(() => globalThis.hit), undefined, where);
}

async function stories(v, page) {
	await page.goto(world.enter);
	await v.open(`#/search?q=${encodeURIComponent("from:*evil*")}`);
	await v.says("<img src=x onerror=hit=2>");
	await inert(page, "the rows");
	const rows = await page.locator(".row").count();
	assert.ok(rows >= 4, `${rows} rows`);
	for (let i = 0; i < rows; i++) {
		await v.open(`#/search?q=${encodeURIComponent("from:*evil*")}`);
		await page.locator(".row").nth(i).click();
		await page.locator(".verdict-card").waitFor();
		await v.settled();
		await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
		await inert(page, `story ${i}`);
		const { width, screen } = await page.evaluate(() => ({ width: document.documentElement.scrollWidth, screen: innerWidth }));
		assert.ok(width <= screen, `story ${i} is wider than the screen`);
	}
	await v.open("#/overview");
	await inert(page, "the overview");
	await v.open(`#/refused?scope=${world.domain}`);
	await inert(page, "what was refused");
}

async function questions(v, page, context) {
	await context.addCookies([]);
	await page.goto(world.enter2);
	v.expected = /400/;
	for (const q of ["<script>hit=1</script>", "from:<img src=x onerror=hit=1>", 'text:"\u202egnp.exe"', "%00%ff", "'\"><b>"]) {
		await page.goto(`${world.base}#/search?q=${encodeURIComponent(q)}`);
		await page.locator(".notice, .nothing, .row").first().waitFor();
		await inert(page, q);
	}
	await page.goto(`${world.base}#/explain?text=${encodeURIComponent("550 <script>hit=1</script> <b>no</b>")}`);
	await v.says("<script>hit=1</script>");
	await inert(page, "explain");
	await page.goto(`${world.base}#/<script>hit=1</script>/%E0%A4%A?%=`);
	await page.locator("#heading").waitFor({ state: "attached" });
	await inert(page, "an address");
}

async function live(v, page) {
	await page.goto(world.enter3);
	await v.open("#/live");
	await v.says("Live", ".live-state");
	await say(world.port, ["EHLO <script>hit=4</script>", 'MAIL FROM:<"<img src=x onerror=hit=5>"@evil.example>', `RCPT TO:<${world.you}>`, "QUIT"]);
	await v.says("<img src=x onerror=hit=5>");
	await inert(page, "live");
}

await run([
	["stories", (b) => visit(b, world.base, {}, stories)],
	["questions", (b) => visit(b, world.base, {}, questions)],
	["live", (b) => visit(b, world.base, {}, live)],
]);
