#include "acl.h"

#include <stdlib.h>
#include <string.h>

/* A file that begins with HEADER promises to end with TRAILER. Both are
 * comments to Mosquitto; to us they show a file cut off between two lines. */
#define HEADER "# egiz-acl 1"
#define TRAILER "# end"

struct parser {
    struct acl *acl;
    struct acl_account *account; /* whose section this is */
    struct text_lines lines;
    struct text_error *error;
};

static bool refuse(struct parser *p, const char *what) {
    return text_refuse(p->error, p->lines.line, "%s", what);
}

/* Spaces at the edges or doubled are invisible in an editor and become part
 * of a name, so a line has none. */
static bool text_is_tidy(const char *text) {
    size_t len = strlen(text);
    return len > 0 && text[0] != ' ' && text[len - 1] != ' ';
}

static bool access_from(const char *word, uint8_t *access) {
    if (strcmp(word, "read") == 0) *access = ACL_READ;
    else if (strcmp(word, "write") == 0) *access = ACL_WRITE;
    else if (strcmp(word, "readwrite") == 0) *access = ACL_READ | ACL_WRITE;
    else if (strcmp(word, "deny") == 0) *access = ACL_DENY;
    else return false;
    return true;
}

/* %u and %c stand for a whole level or not at all. */
static bool names_are_levels(const char *filter) {
    for (const char *s = strchr(filter, '%'); s != NULL; s = strchr(s + 1, '%')) {
        if (s[1] != 'u' && s[1] != 'c') continue;
        if (s != filter && s[-1] != '/') return false;
        if (s[2] != '/' && s[2] != '\0') return false;
    }
    return true;
}

static bool rules_append(struct acl_rules *rules, struct acl_rule rule) {
    if (rules->count == rules->room) {
        size_t room = rules->room == 0 ? 4 : rules->room * 2;
        struct acl_rule *list = realloc(rules->list, room * sizeof *list);
        if (list == NULL) return false;
        rules->list = list;
        rules->room = room;
    }
    size_t at = rules->count;
    if (rule.access == ACL_DENY) {
        /* Before the grants. Deny rules are few: moving is cheap enough. */
        memmove(rules->list + 1, rules->list, at * sizeof *rules->list);
        at = 0;
    }
    rules->list[at] = rule;
    rules->count++;
    return true;
}

static bool parse_rule(struct parser *p, char *rest, bool pattern) {
    if (rest == NULL) return refuse(p, "the access and the topic are missing");
    char *word = text_word(&rest);
    uint8_t access;
    if (!access_from(word, &access)) {
        return refuse(p, "the access is not read, write, readwrite or deny");
    }
    if (rest == NULL || !text_is_tidy(rest)) {
        return refuse(p, "the topic is missing or begins or ends with a space");
    }
    if (!topic_filter_valid(rest, strlen(rest))) return refuse(p, "the topic is no valid filter");
    if (topic_unshare(rest) != rest) {
        return refuse(p, "a right names topics, not a $share group");
    }
    if (!pattern && (strstr(rest, "%u") != NULL || strstr(rest, "%c") != NULL)) {
        return refuse(p, "%u and %c are for pattern lines");
    }
    if (pattern && !names_are_levels(rest)) return refuse(p, "%u or %c is not a whole level");
    struct acl_rule rule = {rest, access, topic_has_wildcard(rest)};
    if (!rules_append(pattern ? &p->acl->patterns : &p->account->rules, rule)) {
        return refuse(p, "out of memory");
    }
    p->acl->rule_count++;
    return true;
}

static bool parse_user(struct parser *p, char *name) {
    if (name == NULL || !text_is_tidy(name)) return refuse(p, "the account's name is missing or untidy");
    struct acl_account *account = str_table_find(&p->acl->accounts, name, strlen(name));
    if (account == NULL) {
        account = calloc(1, sizeof *account);
        if (account == NULL) return refuse(p, "out of memory");
        account->name = name;
        if (!str_table_add(&p->acl->accounts, name, account)) {
            free(account);
            return refuse(p, "out of memory");
        }
    }
    p->account = account;
    return true;
}

static bool parse_line(struct parser *p, char *line) {
    if (line[0] == '\0' || line[0] == '#') return true;
    char *rest = line;
    char *keyword = text_word(&rest);
    if (strcmp(keyword, "topic") == 0) return parse_rule(p, rest, false);
    if (strcmp(keyword, "pattern") == 0) return parse_rule(p, rest, true);
    if (strcmp(keyword, "user") == 0) return parse_user(p, rest);
    return refuse(p, "the line begins with neither user, topic nor pattern");
}

static bool parse_lines(struct parser *p, size_t len) {
    if (!text_lines_start(&p->lines, p->acl->text, len, p->error)) return false;
    bool promised = false;
    bool ended = false;
    for (char *line; (line = text_lines_next(&p->lines)) != NULL;) {
        if (p->lines.line == 1) promised = strcmp(line, HEADER) == 0;
        ended = strcmp(line, TRAILER) == 0;
        if (!parse_line(p, line)) return false;
    }
    if (promised && !ended) {
        return refuse(p, "the closing line \"" TRAILER "\" is missing: the file is half written");
    }
    return true;
}

struct acl *acl_parse(char *text, size_t len, struct text_error *error) {
    struct acl *acl = calloc(1, sizeof *acl);
    if (acl == NULL) {
        text_refuse(error, 0, "out of memory");
        free(text);
        return NULL;
    }
    acl->text = text;
    struct parser p = {.acl = acl, .account = &acl->nameless, .error = error};
    if (!parse_lines(&p, len)) {
        acl_free(acl);
        return NULL;
    }
    return acl;
}
