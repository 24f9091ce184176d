// What a board answers to a command: the `command` object of a status message.
#pragma once

#include <array>
#include <cstdint>

#include "fixed_string.hpp"
#include "result.hpp"

namespace egiz {

enum class ReportedState : std::uint8_t { received = 1, running, applied, rejected, failed, superseded };
std::string_view to_string(ReportedState s);

// The word is what goes out, the number is what the command log stores: append only.
enum class Code : std::uint8_t {
    received = 1, applied, unchanged, invalid, hash_mismatch, stale_revision, revision_conflict, expired,
    unknown_command, broker_unreachable, store_failed, confirm, bad_token, busy, rebooting,
    manifest_invalid, bad_signature, unknown_key, wrong_product, wrong_hardware, downgrade, already_running,
    too_large, time_unknown, downloading, download_failed, verifying, digest_mismatch, slot_failed, testing,
    rolled_back, superseded, last = superseded,
};
std::string_view to_string(Code c);

struct FieldError {
    FixedString<48> pointer;  // RFC 6901, from the root of the settings
    FixedString<24> rule;     // the JSON Schema keyword that was violated
    FixedString<80> message;
};

class ErrorList {
  public:
    static constexpr std::size_t max_errors = 4;

    // Beyond max_errors only the count goes on: the first ones are enough to mend a configuration.
    void add(std::string_view pointer, std::string_view rule, std::string_view message);
    [[nodiscard]] bool empty() const { return count_ == 0; }
    [[nodiscard]] std::size_t stored() const { return count_ < max_errors ? count_ : max_errors; }
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] const FieldError& at(std::size_t i) const { return errors_[i]; }

  private:
    std::array<FieldError, max_errors> errors_{};
    std::size_t count_ = 0;
};

using CommandId = FixedString<64>;

struct Correlation {
    std::array<std::uint8_t, 32> bytes{};
    std::size_t size = 0;
};

struct CommandResult {
    CommandId id;
    ReportedState state = ReportedState::received;
    Code code = Code::received;
    FixedString<96> message;
    ErrorList errors;
    Correlation correlation;
    std::uint32_t revision = 0;  // of a configuration command; 0 otherwise
    std::uint8_t progress = 0;   // percent, while running
};

}  // namespace egiz
