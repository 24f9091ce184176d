// The envelope of a command as it arrives on the command topic.
#pragma once

#include <cstdint>

#include "command_result.hpp"
#include "json_reader.hpp"

namespace egiz {

enum class CommandKind : std::uint8_t { unknown, config, ota, identify, reboot, factory_reset, log_level };

struct Command {
    CommandKind kind = CommandKind::unknown;
    CommandId id;
    bool expires = false;
    std::uint64_t expires_ms = 0;
};

// The largest command a board reads; a bigger one is dropped unread.
inline constexpr std::size_t max_command = 4096;

enum class Addressed : std::uint8_t {
    here,        // for this board (or for every board of the equipment), with an id to answer to
    elsewhere,   // another board's
    unreadable,  // not an object with command, device_id and id: nobody to answer
};

// `errors` is filled when the envelope is addressed here but has a member of the wrong form.
Addressed parse_command(const JsonDocument& document, std::string_view device_id, Command& out, ErrorList& errors);

}  // namespace egiz
