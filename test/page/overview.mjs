// overview.mjs WORLD - whatever is counted leads to what was counted. WORLD is JSON: base, enter (a one-time link).
import assert from "node:assert/strict";
import { DESK, run, visit } from "./drive.mjs";

const world = JSON.parse(process.argv[2]);
let cookies = [];

async function enter(browser) {
	await visit(browser, world.base, {}, async (v, page, context) => {
		await page.goto(world.enter);
		await page.locator("#heading").waitFor();
		cookies = await context.cookies();
	});
}

/* Of each bar and each row of the table behind the plot: its question, and how many messages it tells of. */
const told = () => [
	...[...document.querySelectorAll(".bars a[href]")].map((a) => [a.hash, a.querySelector(".bar-n").innerText.replace(/(< )?\d+ %/, "")]),
	...[...document.querySelectorAll(".as-table tbody tr")].map((r) => [r.querySelector("a").hash, r.querySelector("td").innerText]),
].map(([hash, words]) => [hash, Number(/in (\d+) message/.exec(words)?.[1] ?? words)]);

async function found(page, hash) {
	const q = new URLSearchParams(hash.split("?")[1]).get("q");
	return page.evaluate(async (query) => (await (await fetch(`api/trace?limit=1&q=${encodeURIComponent(query)}`)).json()).found, q);
}

/* Of days too: those of a month are more than there is room for hours. */
function counted(place, least, name) {
	return async (browser) => visit(browser, world.base, { screen: DESK, cookies }, async (v, page) => {
		await v.open(place, ".tile");
		await page.locator(".as-table summary").click();
		assert.ok((await v.text()).includes(name), `${place} shows ${name}`);
		const all = await page.evaluate(told);
		assert.ok(all.length >= least, `${all.length} bars and rows`);
		for (const [hash, n] of all)
			assert.equal(await found(page, hash), n, decodeURIComponent(hash));
		await page.locator(".bars a:has-text('cause: mailbox-full')").click();
		await page.locator(".row").first().waitFor();
		assert.equal(await page.locator(".row").count(), world.full);
	});
}

/* Since when it is refused, and who sends more than ever: each leads on. */
async function changed(v, page) {
	await v.open("#/overview?in=all");
	await page.locator("label", { hasText: "What changed" }).click();
	await v.says("Since");
	await v.settled();
	await page.locator("th a:has-text('cause: mailbox-full')").click();
	await page.locator(".row").first().waitFor();
	assert.equal(await page.locator(".row").count(), world.full);
	await page.goBack();
	await page.locator("label", { hasText: "Unusual senders" }).click();
	await v.says("Hours with unusually much mail");
	await v.settled();
	await page.locator("th a", { hasText: "burst@partner.example" }).click();
	await page.locator(".row").first().waitFor();
	await v.says(`${world.burst} messages`);
}

/* One's own days, the last one too. */
async function range(v, page) {
	await v.open("#/overview");
	await page.locator("label", { hasText: "From, to" }).click();
	await page.getByLabel("From", { exact: true }).fill(world.day);
	await page.getByLabel("To", { exact: true }).fill(world.day);
	await v.says("Recipients per hour");
	await v.settled();
	assert.equal(await v.text(".tile-messages dd"), String(world.daily));
}

const as = (act) => (browser) => visit(browser, world.base, { screen: DESK, cookies }, act);
await run([
	["the one-time link", enter],
	["bars of hours", counted("#/overview?in=week", 20, "Recipients per hour")],
	["bars of days", counted("#/overview?in=all", 20, "Recipients per day")],
	["what changed, who is unusual", as(changed)],
	["a range of days", as(range)],
]);
