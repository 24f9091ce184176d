#include "fleet_config.hpp"

#include <mbedtls/pk.h>

#include <nlohmann/json.hpp>

#include "atomic_file.hpp"
#include "identity.hpp"

namespace egiz::host {
namespace {

using nlohmann::json;

// Reads members of one object; the first thing that is wrong is kept as a sentence.
class Members {
  public:
    Members(const json& object, std::string where, std::string& problem) : object_(object), where_(std::move(where)), problem_(problem) {}

    void text(const char* name, std::string& out, bool required) {
        if (!object_.contains(name)) {
            if (required) fail(name, "is missing");
        } else if (!object_[name].is_string()) {
            fail(name, "must be a string");
        } else {
            out = object_[name].get<std::string>();
        }
    }
    template <class Integer>
    void number(const char* name, Integer& out) {
        if (!object_.contains(name)) return;
        if (!object_[name].is_number_unsigned()) {
            fail(name, "must be a whole number");
            return;
        }
        out = object_[name].get<Integer>();
    }
    void fail(const char* name, const char* why) {
        if (problem_.empty()) problem_ = where_ + "." + name + " " + why;
    }

  private:
    const json& object_;
    std::string where_;
    std::string& problem_;
};

bool read_url(const std::string& url, FleetConfig& out) {
    constexpr std::string_view scheme = "mqtts://";
    if (url.compare(0, scheme.size(), scheme) != 0) return false;
    std::string rest = url.substr(scheme.size());
    if (!rest.empty() && rest.back() == '/') rest.pop_back();
    const std::size_t colon = rest.rfind(':');
    out.host = rest.substr(0, colon);
    if (out.host.empty()) return false;
    if (colon == std::string::npos) return true;
    const std::string digits = rest.substr(colon + 1);
    if (digits.empty() || digits.size() > 5 || digits.find_first_not_of("0123456789") != std::string::npos) return false;
    const unsigned long port = std::stoul(digits);
    out.port = static_cast<std::uint16_t>(port);
    return port >= 1 && port <= 65535;
}

bool read_public_key(const std::string& path, UpdateKey& out) {
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    std::array<std::uint8_t, p256_key_size + 1> point{};
    std::size_t length = 0;
    bool good = mbedtls_pk_parse_public_keyfile(&key, path.c_str()) == 0 && mbedtls_pk_can_do(&key, MBEDTLS_PK_ECKEY) != 0;
    if (good) {
        const mbedtls_ecp_keypair* pair = mbedtls_pk_ec(key);
        good = pair->grp.id == MBEDTLS_ECP_DP_SECP256R1 &&
               mbedtls_ecp_point_write_binary(&pair->grp, &pair->Q, MBEDTLS_ECP_PF_UNCOMPRESSED, &length, point.data(), point.size()) == 0;
    }
    mbedtls_pk_free(&key);
    if (!good || length != point.size()) return false;
    std::copy(point.begin() + 1, point.end(), out.key.begin());
    return true;
}

bool read_kind(const std::string& sensor_type, SensorKind& out) {
    if (sensor_type == "electrical") out = SensorKind::electrical;
    if (sensor_type == "thermal") out = SensorKind::thermal;
    if (sensor_type == "environmental" || sensor_type == "ambient") out = SensorKind::environmental;
    return sensor_type == "electrical" || sensor_type == "thermal" || sensor_type == "environmental" || sensor_type == "ambient";
}

void read_secrets(BoardConfig& board, Members& members) {
    std::string password_file;
    members.text("passwordFile", password_file, false);
    members.text("certFile", board.cert_file, false);
    members.text("keyFile", board.key_file, false);
    if (board.cert_file.empty() != board.key_file.empty()) members.fail("certFile", "and keyFile belong together");
    if (password_file.empty() && board.cert_file.empty()) members.fail("passwordFile", "or certFile is needed");
    if (password_file.empty()) return;
    const auto content = read_file(password_file);
    if (!content) {
        members.fail("passwordFile", "cannot be read");
        return;
    }
    board.password.assign(content->begin(), content->end());
    while (!board.password.empty() && (board.password.back() == '\n' || board.password.back() == '\r')) board.password.pop_back();
}

void read_board(const json& in, std::size_t index, FleetConfig& out, std::string& problem) {
    BoardConfig board;
    Members members(in, "boards[" + std::to_string(index) + "]", problem);
    members.text("device_id", board.device_id, true);
    members.text("factory_id", board.factory_id, true);
    members.text("equipment_type", board.equipment_type, true);
    members.text("equipment_id", board.equipment_id, true);
    members.text("sensor_type", board.sensor_type, true);
    board.thing_id = "factory:" + board.equipment_id;
    members.text("thing_id", board.thing_id, false);
    board.username = board.device_id;
    members.text("username", board.username, false);
    members.text("flashFile", board.flash_file, true);
    board.seed = index + 1;
    members.number("seed", board.seed);
    read_secrets(board, members);
    if (!read_kind(board.sensor_type, board.kind)) members.fail("sensor_type", "is none this board has");
    for (const std::string* id : {&board.device_id, &board.factory_id, &board.equipment_type, &board.equipment_id}) {
        if (!valid_identifier(*id)) members.fail("device_id", "and the equipment's ids must be identifiers");
    }
    out.boards.push_back(std::move(board));
}

void read_keys(const json& in, FleetConfig& out, std::string& problem) {
    for (std::size_t i = 0; i < in.size(); ++i) {
        UpdateKey key;
        std::string file;
        Members members(in[i], "updateKeys[" + std::to_string(i) + "]", problem);
        members.text("id", key.id, true);
        members.text("publicKeyFile", file, true);
        if (problem.empty() && !read_public_key(file, key)) members.fail("publicKeyFile", "is no P-256 public key in PEM form");
        out.update_keys.push_back(std::move(key));
    }
}

}  // namespace

std::optional<FleetConfig> read_fleet_config(const std::string& path, std::string& problem) {
    problem.clear();
    const auto content = read_file(path);
    if (!content) {
        problem = path + " cannot be read";
        return std::nullopt;
    }
    const json root = json::parse(content->begin(), content->end(), nullptr, false);
    if (!root.is_object() || !root.contains("boards") || !root["boards"].is_array()) {
        problem = path + " must be a JSON object with url, caFile and boards";
        return std::nullopt;
    }
    FleetConfig out;
    std::string url;
    Members members(root, "config", problem);
    members.text("url", url, true);
    members.text("caFile", out.ca_file, true);
    if (problem.empty() && !read_url(url, out)) members.fail("url", "must look like mqtts://HOST:PORT");
    out.update_ca_file = out.ca_file;
    members.text("updateCaFile", out.update_ca_file, false);
    members.text("product", out.product, false);
    members.text("hardware", out.hardware, false);
    members.text("version", out.version, false);
    members.number("build", out.build);
    if (root.contains("updateKeys") && root["updateKeys"].is_array()) read_keys(root["updateKeys"], out, problem);
    for (std::size_t i = 0; i < root["boards"].size(); ++i) read_board(root["boards"][i], i, out, problem);
    if (problem.empty() && out.boards.empty()) problem = "config.boards is empty";
    if (!problem.empty()) return std::nullopt;
    return out;
}

}  // namespace egiz::host
