#include "audit_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Six output bytes at most for one input byte, and the fixed parts. */
_Static_assert(sizeof(struct audit_record) * 6 + 512 <= AUDIT_LINE_MAX, "a line has no room");

/* The length of the UTF-8 character at `s`, 0 when there is none (RFC 3629;
 * no overlong forms, no surrogates). Reads no further than the NUL. */
static size_t utf8_length(const char *text) {
    const unsigned char *s = (const unsigned char *)text;
    if (s[0] < 0x80) return s[0] == 0 ? 0 : 1;
    size_t n = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : (s[0] & 0xf0) == 0xe0 ? 3
             : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
    }
    if (n == 3 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f))) return 0;
    if (n == 4 && ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))) return 0;
    return n;
}

static void copy(char *to, size_t size, const char *from) {
    if (from == NULL) from = "";
    size_t len = strnlen(from, size);
    if (len == size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)from[len] & 0xc0) == 0x80) len--;
    }
    memcpy(to, from, len);
    to[len] = '\0';
}

void audit_record_fill(struct audit_record *record, const struct audit_event *event, uint64_t seq) {
    clock_gettime(CLOCK_REALTIME, &record->at);
    record->seq = seq;
    record->count = event->count;
    record->protocol = event->protocol;
    copy(record->event, sizeof record->event, event->event);
    copy(record->tls, sizeof record->tls, event->tls);
    copy(record->access, sizeof record->access, event->access);
    copy(record->account, sizeof record->account, event->account);
    copy(record->client_id, sizeof record->client_id, event->client_id);
    copy(record->address, sizeof record->address, event->address);
    copy(record->by_account, sizeof record->by_account, event->by_account);
    copy(record->by_address, sizeof record->by_address, event->by_address);
    copy(record->reason, sizeof record->reason, event->reason);
    copy(record->topic, sizeof record->topic, event->topic);
}

static char *put(char *out, const char *text) {
    size_t len = strlen(text);
    memcpy(out, text, len);
    return out + len;
}

static char *put_escaped(char *out, const char *s) {
    while (*s != '\0') {
        size_t len = utf8_length(s);
        if (len == 0) {
            out = put(out, "\\ufffd");
            s++;
        } else if (len > 1) {
            memcpy(out, s, len);
            out += len;
            s += len;
        } else if ((unsigned char)*s < 0x20 || *s == 0x7f) {
            out += sprintf(out, "\\u%04x", (unsigned char)*s++);
        } else {
            if (*s == '"' || *s == '\\') *out++ = '\\';
            *out++ = *s++;
        }
    }
    return out;
}

static char *put_text(char *out, const char *field, const char *text) {
    if (text[0] == '\0') return out;
    out += sprintf(out, ",\"%s\":\"", field);
    out = put_escaped(out, text);
    *out++ = '"';
    return out;
}

static char *put_number(char *out, const char *field, uint64_t value) {
    if (value == 0) return out;
    return out + sprintf(out, ",\"%s\":%" PRIu64, field, value);
}

static char *put_time(char *out, struct timespec at) {
    struct tm tm;
    gmtime_r(&at.tv_sec, &tm);
    out += strftime(out, 48, "{\"time\":\"%Y-%m-%dT%H:%M:%S", &tm);
    return out + sprintf(out, ".%03ldZ\"", at.tv_nsec / 1000000);
}

size_t audit_format(const struct audit_record *record, char *line, size_t size) {
    if (size < AUDIT_LINE_MAX) return 0;
    static const char *const protocols[] = {[3] = "3.1", [4] = "3.1.1", [5] = "5.0"};
    char *out = put_time(line, record->at);
    out = put_number(out, "seq", record->seq);
    out = put_text(out, "event", record->event);
    out = put_text(out, "account", record->account);
    out = put_text(out, "client_id", record->client_id);
    out = put_text(out, "address", record->address);
    if (record->protocol >= 3 && record->protocol <= 5) {
        out = put_text(out, "mqtt", protocols[record->protocol]);
    }
    out = put_text(out, "tls", record->tls);
    out = put_text(out, "access", record->access);
    out = put_text(out, "topic", record->topic);
    out = put_text(out, "by_account", record->by_account);
    out = put_text(out, "by_address", record->by_address);
    out = put_text(out, "reason", record->reason);
    out = put_number(out, "count", record->count);
    out = put(out, "}\n");
    return (size_t)(out - line);
}
