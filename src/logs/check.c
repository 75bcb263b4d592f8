#include "logs/shape.h"

void check_split(struct log_line *l)
{
	l->ambiguous = str_find(l->field[LOG_F_description], STR(", ")) >= 0;
}

bool check_is_description(struct str s)
{
	return str_eqz(s, "found existing recipient");
}
