// Commands: each is done at most once, answered always, and never taken from a retained message.
#include <algorithm>

#include "board.hpp"

namespace egiz {
namespace {

constexpr std::uint64_t reset_token_ms = 60'000;

// An optional integer member within bounds; bad_argument when it is there and is not.
Result<std::uint32_t> bounded(const JsonDocument& document, std::string_view name, std::int64_t minimum,
                              std::int64_t maximum, std::uint32_t fallback) {
    const JsonRef ref = document.find(document.root(), name);
    if (ref == json_none) return fallback;
    const Result<std::int64_t> value = document.integer(ref);
    if (!value || value.value() < minimum || value.value() > maximum) return Err::bad_argument;
    return static_cast<std::uint32_t>(value.value());
}

ReportedState state_of(Code code) {
    switch (code) {
        case Code::received: return ReportedState::received;
        case Code::already_running: return ReportedState::applied;
        // Could succeed another time; everything else is wrong with the update itself.
        case Code::busy:
        case Code::time_unknown:
        case Code::store_failed:
        case Code::slot_failed: return ReportedState::failed;
        default: return ReportedState::rejected;
    }
}

}  // namespace

void Board::on_message(const InboundMessage& message) {
    if (message.topic != topics_.command.view()) return;
    if (message.retained || message.payload.size() > max_command) {
        ports_.system.log(LogLevel::warn, message.retained ? "retained command ignored" : "oversized command ignored");
        return;
    }
    JsonDocument document(tokens_);
    if (!document.parse(message.payload)) {
        ports_.system.log(LogLevel::warn, "command is not JSON or too complex");
        return;
    }
    Command command;
    ErrorList errors;
    const Addressed addressed = parse_command(document, identity_.device_id, command, errors);
    if (addressed == Addressed::unreadable) ports_.system.log(LogLevel::warn, "command without command, device_id or id");
    if (addressed == Addressed::here) dispatch(document, command, errors, message.correlation);
}

void Board::settle(CommandResult& answer, ReportedState state, Code code, std::string_view message) {
    answer.state = state;
    answer.code = code;
    answer.message.assign_cut(message);
}

void Board::dispatch(const JsonDocument& document, const Command& command, const ErrorList& errors, Bytes correlation) {
    CommandResult answer;
    const bool repeated = log_.find(command.id.view(), answer);
    answer.id = command.id;
    answer.correlation.size = std::min(correlation.size(), answer.correlation.bytes.size());
    std::copy_n(correlation.begin(), answer.correlation.size, answer.correlation.bytes.begin());
    if (repeated) {
        outbox_.add(answer);
        return;
    }
    answer.errors = errors;
    const std::uint64_t now = ports_.clock.monotonic_ms();
    if (!errors.empty()) {
        settle(answer, ReportedState::rejected, Code::invalid, "the command has members of the wrong form");
    } else if (command.expires && time_.now_ms() >= command.expires_ms) {
        settle(answer, ReportedState::rejected, Code::expired, "the command arrived after its time");
    } else {
        switch (command.kind) {
            case CommandKind::config: run_config(document, answer, now); break;
            case CommandKind::ota: run_ota(document, answer); break;
            case CommandKind::identify: run_identify(document, answer); break;
            case CommandKind::reboot: run_reboot(document, answer, now); break;
            case CommandKind::factory_reset: run_factory_reset(document, answer, now); break;
            case CommandKind::log_level: run_log_level(document, answer, now); break;
            case CommandKind::unknown:
                settle(answer, ReportedState::rejected, Code::unknown_command, "this board does not know the command");
                break;
        }
    }
    (void)log_.remember(answer);
    outbox_.add(answer);
    pump(now);
}

void Board::run_identify(const JsonDocument& document, CommandResult& answer) {
    const Result<std::uint32_t> seconds = bounded(document, "seconds", 1, 300, 30);
    if (!seconds) {
        answer.errors.add("/seconds", "maximum", "must be from 1 to 300");
        settle(answer, ReportedState::rejected, Code::invalid, "seconds is out of bounds");
        return;
    }
    ports_.system.identify(seconds.value());
    settle(answer, ReportedState::applied, Code::applied, "the board shows itself");
}

void Board::run_reboot(const JsonDocument& document, CommandResult& answer, std::uint64_t now) {
    const Result<std::uint32_t> delay = bounded(document, "delay_seconds", 0, 3600, 0);
    if (!delay) {
        answer.errors.add("/delay_seconds", "maximum", "must be from 0 to 3600");
        settle(answer, ReportedState::rejected, Code::invalid, "delay_seconds is out of bounds");
        return;
    }
    schedule_restart(now + std::uint64_t{delay.value()} * 1000);
    settle(answer, ReportedState::applied, Code::rebooting, "the board restarts");
}

// Two steps: the first is answered with a token that only this board knows, the second must bring it back in time.
void Board::run_factory_reset(const JsonDocument& document, CommandResult& answer, std::uint64_t now) {
    const JsonRef token = document.find(document.root(), "token");
    if (token == json_none) {
        std::array<std::uint8_t, 4> random{};
        ports_.random.fill(random);
        static constexpr char digits[] = "0123456789abcdef";
        reset_token_.clear();
        for (const std::uint8_t byte : random) {
            const char text[] = {digits[byte >> 4], digits[byte & 15]};
            (void)reset_token_.append({text, 2});
        }
        reset_token_until_ = now + reset_token_ms;
        settle(answer, ReportedState::received, Code::confirm, reset_token_.view());
        return;
    }
    const bool good = !reset_token_.empty() && now < reset_token_until_ && document.equals(token, reset_token_.view());
    reset_token_.clear();
    if (!good) {
        settle(answer, ReportedState::rejected, Code::bad_token, "the token is wrong, used or older than a minute");
        return;
    }
    wipe_before_restart_ = true;
    schedule_restart(now);
    settle(answer, ReportedState::applied, Code::rebooting, "configuration and backlog are erased, the identity is kept");
}

void Board::run_log_level(const JsonDocument& document, CommandResult& answer, std::uint64_t now) {
    LogLevel level = LogLevel::info;
    const Result<std::uint32_t> seconds = bounded(document, "seconds", 0, 86'400, 3600);
    if (!parse_log_level(document, document.find(document.root(), "level"), level)) {
        answer.errors.add("/level", "enum", "must be error, warn, info or debug");
    }
    if (!seconds) answer.errors.add("/seconds", "maximum", "must be from 0 to 86400");
    if (!answer.errors.empty()) {
        settle(answer, ReportedState::rejected, Code::invalid, "the log level cannot be set so");
        return;
    }
    ports_.system.set_log_level(level);
    log_level_until_ = seconds.value() == 0 ? 0 : now + std::uint64_t{seconds.value()} * 1000;
    settle(answer, ReportedState::applied, Code::applied, to_string(level));
}

void Board::run_ota(const JsonDocument& document, CommandResult& answer) {
    const Code code = accept_update(document, answer);
    answer.state = state_of(code);
    answer.code = code;
    if (answer.message.empty()) answer.message.assign_cut("the update was not looked at further");
}

Code Board::accept_update(const JsonDocument& document, CommandResult& answer) {
    FixedString<128> signature;
    FixedString<64> key_id;
    const JsonRef root = document.root();
    const bool texts = document.text_into(document.find(root, "signature"), signature) &&
                       document.text_into(document.find(root, "key_id"), key_id);
    const Result<std::size_t> size = document.text(document.find(root, "manifest"), std::span(payload_).first(max_manifest));
    if (!texts || !size) return Code::manifest_invalid;
    const std::string_view manifest(payload_.data(), size.value());
    const Code signed_by = check_signature(manifest, signature.view(), key_id.view(), identity_.update_keys, ports_.crypto);
    if (signed_by != Code::received) return signed_by;
    // From here on the command's own tokens are gone: the pool holds the manifest.
    OtaManifest parsed;
    if (parse_manifest(manifest, tokens_, parsed) != Code::received) return Code::manifest_invalid;
    answer.message.assign_cut(parsed.version.view());
    OtaPolicy policy;
    policy.product = identity_.product;
    policy.hardware = identity_.hardware;
    policy.running_build = identity_.build;
    policy.minimum_build = ota_.minimum_build();
    policy.slot_size = ports_.ota.slot_size();
    policy.now_ms = time_.now_ms();
    policy.time_known = time_.synced();
    const Code allowed = check_policy(parsed, policy);
    return allowed == Code::received ? ota_.accept(answer.id, manifest, parsed) : allowed;
}

}  // namespace egiz
