#include "settings.hpp"

#include <array>

namespace egiz {
namespace {

struct IntegerRule {
    std::string_view name;
    std::string_view pointer;
    std::int64_t minimum;
    std::int64_t maximum;
    std::string_view bounds;
};

constexpr std::array<IntegerRule, 4> integer_rules{{
    {"telemetry_interval_s", "/telemetry_interval_s", 1, 60, "must be from 1 to 60"},
    {"heartbeat_interval_s", "/heartbeat_interval_s", 10, 60, "must be from 10 to 60"},
    {"confirm_timeout_s", "/confirm_timeout_s", 30, 900, "must be from 30 to 900"},
    {"filter_window", "/filter_window", 1, 15, "must be from 1 to 15"},
}};

constexpr IntegerRule port_rule{"port", "/broker/port", 1, 65535, "must be from 1 to 65535"};

bool read_integer(const JsonDocument& document, JsonRef ref, const IntegerRule& rule, ErrorList& errors,
                  std::int64_t& out) {
    const Result<std::int64_t> value = document.integer(ref);
    if (!value) {
        errors.add(rule.pointer, "type", "must be an integer");
        return false;
    }
    if (value.value() < rule.minimum || value.value() > rule.maximum) {
        errors.add(rule.pointer, value.value() < rule.minimum ? "minimum" : "maximum", rule.bounds);
        return false;
    }
    out = value.value();
    return true;
}

bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// A host name (RFC 1123) or an IPv4 address; the broker's certificate is checked against it.
bool is_host(std::string_view host) {
    if (host.empty() || host.front() == '-' || host.front() == '.' || host.back() == '-' || host.back() == '.') return false;
    char previous = '\0';
    for (const char c : host) {
        if (!is_alnum(c) && c != '-' && c != '.') return false;
        if (c == '.' && (previous == '.' || previous == '-')) return false;
        previous = c;
    }
    return true;
}

void read_broker(const JsonDocument& document, JsonRef broker, BoardSettings& out, ErrorList& errors) {
    if (!document.is(broker, JsonType::object)) {
        errors.add("/broker", "type", "must be an object");
        return;
    }
    for (JsonRef key = document.first(broker); key != json_none; key = document.after(broker, document.value_of(key))) {
        const JsonRef value = document.value_of(key);
        if (document.equals(key, "host")) {
            if (!document.text_into(value, out.broker_host) || !is_host(out.broker_host.view())) {
                errors.add("/broker/host", "pattern", "must be a host name of at most 64 characters");
            }
        } else if (document.equals(key, "port")) {
            std::int64_t port = 0;
            if (read_integer(document, value, port_rule, errors, port)) out.broker_port = static_cast<std::uint16_t>(port);
        } else {
            errors.add("/broker", "additionalProperties", "only host and port are known");
        }
    }
    if (document.find(broker, "host") == json_none) errors.add("/broker", "required", "host is missing");
    if (document.find(broker, "port") == json_none) errors.add("/broker", "required", "port is missing");
}

void assign(BoardSettings& out, std::size_t rule, std::int64_t value) {
    switch (rule) {
        case 0: out.telemetry_interval_s = static_cast<std::uint16_t>(value); break;
        case 1: out.heartbeat_interval_s = static_cast<std::uint16_t>(value); break;
        case 2: out.confirm_timeout_s = static_cast<std::uint16_t>(value); break;
        default: out.filter_window = static_cast<std::uint8_t>(value); break;
    }
}

void read_member(const JsonDocument& document, JsonRef key, BoardSettings& out, ErrorList& errors) {
    const JsonRef value = document.value_of(key);
    for (std::size_t i = 0; i < integer_rules.size(); ++i) {
        if (!document.equals(key, integer_rules[i].name)) continue;
        std::int64_t number = 0;
        if (read_integer(document, value, integer_rules[i], errors, number)) assign(out, i, number);
        return;
    }
    if (document.equals(key, "log_level")) {
        if (!parse_log_level(document, value, out.log_level)) {
            errors.add("/log_level", "enum", "must be error, warn, info or debug");
        }
    } else if (document.equals(key, "broker")) {
        read_broker(document, value, out, errors);
    } else {
        FixedString<32> name;
        FixedString<80> message;
        (void)document.text_into(key, name);
        (void)message.append("no such setting: ");
        (void)message.append(name.view());
        errors.add("", "additionalProperties", message.view());
    }
}

constexpr std::array<std::string_view, 4> level_words{"error", "warn", "info", "debug"};

}  // namespace

BoardSettings default_settings(SensorKind kind) {
    BoardSettings settings;
    if (kind == SensorKind::environmental) settings.telemetry_interval_s = 10;
    return settings;
}

bool parse_log_level(const JsonDocument& document, JsonRef ref, LogLevel& out) {
    if (ref == json_none) return false;
    for (std::size_t i = 0; i < level_words.size(); ++i) {
        if (!document.equals(ref, level_words[i])) continue;
        out = static_cast<LogLevel>(i + 1);  // LogLevel::none is no choice of a service
        return true;
    }
    return false;
}

std::string_view to_string(LogLevel level) {
    const auto i = static_cast<std::size_t>(level);
    return i > 0 && i <= level_words.size() ? level_words[i - 1] : "none";
}

void parse_settings(const JsonDocument& document, JsonRef settings, const BoardSettings& defaults, BoardSettings& out,
                    ErrorList& errors) {
    out = defaults;
    if (!document.is(settings, JsonType::object)) {
        errors.add("", "type", "settings must be an object");
        return;
    }
    for (JsonRef key = document.first(settings); key != json_none;
         key = document.after(settings, document.value_of(key))) {
        read_member(document, key, out, errors);
    }
}

}  // namespace egiz
