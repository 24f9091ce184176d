#include "command.hpp"

#include <utility>

#include "identity.hpp"
#include "timestamp.hpp"

namespace egiz {
namespace {

constexpr std::array<std::pair<std::string_view, CommandKind>, 6> kinds{{
    {"config", CommandKind::config},
    {"ota", CommandKind::ota},
    {"identify", CommandKind::identify},
    {"reboot", CommandKind::reboot},
    {"factory_reset", CommandKind::factory_reset},
    {"log_level", CommandKind::log_level},
}};

JsonRef first_of(const JsonDocument& document, std::string_view a, std::string_view b) {
    const JsonRef ref = document.find(document.root(), a);
    return ref != json_none ? ref : document.find(document.root(), b);
}

}  // namespace

Addressed parse_command(const JsonDocument& document, std::string_view device_id, Command& out, ErrorList& errors) {
    out = {};
    const JsonRef root = document.root();
    const JsonRef device = document.find(root, "device_id");
    if (!document.is(device, JsonType::string)) return Addressed::unreadable;
    if (!document.equals(device, device_id) && !document.equals(device, "*")) return Addressed::elsewhere;
    const JsonRef word = document.find(root, "command");
    if (!document.is(word, JsonType::string)) return Addressed::unreadable;
    if (!document.text_into(first_of(document, "id", "commandId"), out.id) || !valid_identifier(out.id.view())) {
        return Addressed::unreadable;
    }
    for (const auto& [name, kind] : kinds) {
        if (document.equals(word, name)) out.kind = kind;
    }
    const JsonRef expires = first_of(document, "expires_at", "expiresAt");
    if (expires != json_none) {
        FixedString<40> text;
        const Result<std::uint64_t> ms =
            document.text_into(expires, text) ? parse_timestamp(text.view()) : Result<std::uint64_t>(Err::bad_argument);
        out.expires = ms.ok();
        out.expires_ms = ms.value();
        if (!ms) errors.add("/expires_at", "format", "must be an RFC 3339 time");
    }
    return Addressed::here;
}

}  // namespace egiz
