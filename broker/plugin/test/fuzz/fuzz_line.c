/* The audit line: whatever clients call themselves, one valid JSON object on
 * one line. */
#include "audit_line.h"
#include "fuzz.h"

/* Checks one string from behind its opening quote; returns behind its end. */
static const char *string_end(const char *s) {
    for (; *s != '"'; s++) {
        MUST((unsigned char)*s >= 0x20);
        if (*s != '\\') continue;
        s++;
        MUST(*s == '"' || *s == '\\' || *s == 'u');
        if (*s == 'u') {
            MUST(strspn(s + 1, "0123456789abcdef") >= 4);
            s += 4;
        }
    }
    return s + 1;
}

static void check_object(const char *s, const char *end) {
    MUST(*s == '{');
    do {
        MUST(*++s == '"');
        s = string_end(s + 1);
        MUST(*s++ == ':');
        if (*s == '"') s = string_end(s + 1);
        else s += strspn(s, "0123456789");
    } while (*s == ',');
    MUST(s[0] == '}' && s[1] == '\n' && s + 2 == end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char text[1024];
    if (size >= sizeof text) size = sizeof text - 1;
    memcpy(text, data, size);
    text[size] = '\0';
    const char *half = text + strlen(text) / 2;
    struct audit_event event = {
        .event = "refused", .account = text, .client_id = half, .address = half, .tls = "TLSv1.3",
        .reason = text, .topic = text, .by_account = half, .by_address = half,
        .protocol = 5, .count = size,
    };
    struct audit_record record;
    char line[AUDIT_LINE_MAX + 1];
    audit_record_fill(&record, &event, 1);
    size_t len = audit_format(&record, line, AUDIT_LINE_MAX);
    MUST(len > 0 && len < AUDIT_LINE_MAX);
    line[len] = '\0';
    MUST(strlen(line) == len);
    check_object(line, line + len);
    return 0;
}
