#include "https_download.hpp"

#include <algorithm>

namespace egiz::host {

std::size_t HttpsDownload::on_data(char* data, std::size_t size, std::size_t count, void* self) {
    auto& download = *static_cast<HttpsDownload*>(self);
    const std::size_t n = size * count;
    // The board takes 4 KB at a time; what it has not taken yet holds the server back.
    if (download.buffer_.size() - download.taken_ > buffer_limit) {
        download.paused_ = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    download.buffer_.insert(download.buffer_.end(), data, data + n);
    return n;
}

Status HttpsDownload::open(std::string_view url, std::size_t offset) {
    close();
    multi_ = curl_multi_init();
    easy_ = curl_easy_init();
    if (multi_ == nullptr || easy_ == nullptr) return Err::no_space;
    offset_ = offset;
    curl_easy_setopt(easy_, CURLOPT_URL, std::string(url).c_str());
    curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_3));
    curl_easy_setopt(easy_, CURLOPT_CAINFO, ca_file_.c_str());
    curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
    curl_easy_setopt(easy_, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_LIMIT, 100L);
    curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_TIME, 20L);
    // Not through whatever proxy the environment names: the update server is given by a signed manifest.
    curl_easy_setopt(easy_, CURLOPT_PROXY, "");
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &HttpsDownload::on_data);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
    if (offset > 0) curl_easy_setopt(easy_, CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(offset));
    return curl_multi_add_handle(multi_, easy_) == CURLM_OK ? Status() : Status(Err::io);
}

Result<std::size_t> HttpsDownload::drain(MutableBytes out) {
    const std::size_t n = std::min(out.size(), buffer_.size() - taken_);
    std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(taken_), n, out.begin());
    taken_ += n;
    if (taken_ == buffer_.size()) {
        buffer_.clear();
        taken_ = 0;
    }
    return n;
}

Result<std::size_t> HttpsDownload::poll(MutableBytes out) {
    if (easy_ == nullptr) return Err::not_connected;
    if (buffer_.size() > taken_) return drain(out);
    if (paused_) {
        paused_ = false;
        curl_easy_pause(easy_, CURLPAUSE_CONT);
    }
    int running = 0;
    if (curl_multi_perform(multi_, &running) != CURLM_OK) return Err::io;
    if (buffer_.size() > taken_) return drain(out);
    if (running != 0) return std::size_t{0};
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(multi_, &left);
    if (message == nullptr) return std::size_t{0};
    return message->data.result == CURLE_OK ? Err::not_found : Err::io;
}

void HttpsDownload::close() {
    if (multi_ != nullptr && easy_ != nullptr) curl_multi_remove_handle(multi_, easy_);
    if (easy_ != nullptr) curl_easy_cleanup(easy_);
    if (multi_ != nullptr) curl_multi_cleanup(multi_);
    easy_ = nullptr;
    multi_ = nullptr;
    buffer_.clear();
    taken_ = 0;
    paused_ = false;
}

}  // namespace egiz::host
