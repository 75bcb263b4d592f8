#include "logs/shape.h"

#include "words/words.h"

#define SPLITS_TRIED 16

/* Move the border between recipient and description: the description starts at `at` bytes into the old one. */
static void move_border(struct log_line *l, size_t at)
{
	struct str *rcpt = &l->field[LOG_F_rcpt], *words = &l->field[LOG_F_description];

	rcpt->n = (size_t)(words->p - rcpt->p) + at - strlen(", ");
	*words = str_skip(*words, at);
}

/* chkuser does not escape, so "a, b"@example.com may stand as recipient and one description has a comma
 * itself.  The split whose words chkuser knows wins; what we write is the first split, and is known or lone. */
void check_split(struct log_line *l)
{
	struct str words = l->field[LOG_F_description];
	size_t at = 0;
	ptrdiff_t sep;

	if (str_find(words, STR(", ")) < 0)
		return;
	for (int i = 0; i < SPLITS_TRIED; i++) {
		if (check_by_words(l->field[LOG_F_title], str_skip(words, at)) != NULL) {
			if (at > 0)
				move_border(l, at);
			return;
		}
		sep = str_find(str_skip(words, at), STR(", "));
		if (sep < 0)
			break;
		at += (size_t)sep + 2;
	}
	l->ambiguous = true;
}

bool check_is_description(struct str s)
{
	for (int c = 0; c < CHECK_COUNT; c++) {
		if (str_eqz(s, check_row((enum check)c)->description))
			return true;
	}
	return false;
}
