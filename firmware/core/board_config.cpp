// Configuration commands: validated as a whole, applied as a whole, and undone when they cut the board off.
#include "board.hpp"

namespace egiz {
namespace {

constexpr std::string_view schema_name = "esp32-sensor/1";

}  // namespace

void Board::run_config(const JsonDocument& document, CommandResult& answer, std::uint64_t now) {
    StoredConfig wanted;
    wanted.command_id = answer.id;
    if (check_config(document, answer, wanted) && in_order(wanted, answer)) apply_config(wanted, answer, now);
}

bool Board::check_config(const JsonDocument& document, CommandResult& answer, StoredConfig& wanted) {
    const JsonRef root = document.root();
    const Result<std::int64_t> revision = document.integer(document.find(root, "revision"));
    if (!revision || revision.value() < 1 || revision.value() > 0xFFFFFFFFLL) {
        settle(answer, ReportedState::rejected, Code::invalid, "revision must be an integer from 1");
        return false;
    }
    wanted.revision = static_cast<std::uint32_t>(revision.value());
    answer.revision = wanted.revision;
    const JsonRef schema = document.find(root, "schema");
    if (schema != json_none && !document.equals(schema, schema_name)) {
        settle(answer, ReportedState::rejected, Code::invalid, "this board takes configurations of schema esp32-sensor/1");
        return false;
    }
    const JsonRef settings = document.find(root, "settings");
    if (!document.is(settings, JsonType::object)) {
        settle(answer, ReportedState::rejected, Code::invalid, "settings must be an object");
        return false;
    }
    const Result<HashText> hash = canonical_hash(document, settings, ports_.crypto);
    if (!hash || !document.equals(document.find(root, "hash"), hash.value().view())) {
        settle(answer, ReportedState::rejected, Code::hash_mismatch, "hash is not that of the settings");
        return false;
    }
    wanted.hash = hash.value();
    parse_settings(document, settings, config_.defaults(), wanted.settings, answer.errors);
    if (answer.errors.empty()) return true;
    settle(answer, ReportedState::rejected, Code::invalid, "settings violate the schema");
    return false;
}

bool Board::in_order(const StoredConfig& wanted, CommandResult& answer) {
    const StoredConfig& active = config_.active();
    if (wanted.revision > active.revision) return true;
    if (wanted.revision < active.revision) {
        settle(answer, ReportedState::superseded, Code::stale_revision, "a newer revision is in force");
    } else if (wanted.hash == active.hash) {
        settle(answer, ReportedState::applied, Code::unchanged, "this revision is in force already");
    } else {
        settle(answer, ReportedState::rejected, Code::revision_conflict, "this revision has other settings here");
    }
    return false;
}

void Board::apply_config(const StoredConfig& wanted, CommandResult& answer, std::uint64_t now) {
    // Whether the session, or the attempt at one, is with a broker on trial.
    const bool elsewhere = config_.on_trial() && !reconnect_due_;
    if (config_.on_trial()) trial_ended(ReportedState::superseded, Code::superseded, "a newer revision arrived");
    const bool same_broker = wanted.settings.same_broker(config_.good().settings);
    reconnect_due_ = elsewhere || !same_broker;
    if (!(same_broker ? config_.apply(wanted) : config_.begin_trial(wanted))) {
        settle(answer, ReportedState::failed, Code::store_failed, "the configuration could not be stored");
        reconnect_due_ = elsewhere;
    } else if (same_broker) {
        settle(answer, ReportedState::applied, Code::applied, "");
    } else {
        trial_deadline_ = now + std::uint64_t{wanted.settings.confirm_timeout_s} * 1000;
        settle(answer, ReportedState::received, Code::received, "changing to the other broker");
    }
    activate_settings();
}

void Board::activate_settings() {
    const BoardSettings& settings = config_.active().settings;
    ports_.system.set_log_level(settings.log_level);
    ports_.sensors.configure(settings.filter_window);
    log_level_until_ = 0;
    const std::uint64_t now = ports_.clock.monotonic_ms();
    // A shorter interval counts from now, not from the end of the old one.
    next_publish_ = now;
    next_sample_ = now;
    next_heartbeat_ = now + std::uint64_t{settings.heartbeat_interval_s} * 1000;
}

void Board::trial_step(std::uint64_t now) {
    if (!config_.on_trial() || now < trial_deadline_) return;
    trial_ended(ReportedState::failed, Code::broker_unreachable, "the new broker was not reached in time");
    activate_settings();
    reconnect_.reset();
    if (link_ != Link::waiting) lose_connection(true);
    retry_at_ = now;
}

void Board::trial_succeeded() {
    // Still the old connection: the change of broker is yet to come.
    if (reconnect_due_) return;
    CommandResult answer;
    answer.id = config_.active().command_id;
    answer.revision = config_.active().revision;
    if (config_.confirm()) {
        settle(answer, ReportedState::applied, Code::applied, "the new broker was reached");
        (void)log_.remember(answer);
        outbox_.add(answer);
    }
}

void Board::trial_ended(ReportedState state, Code code, std::string_view message) {
    const StoredConfig ended = config_.revert();
    CommandResult answer;
    answer.id = ended.command_id;
    answer.revision = ended.revision;
    settle(answer, state, code, message);
    (void)log_.remember(answer);
    outbox_.add(answer);
    reconnect_due_ = false;
}

}  // namespace egiz
