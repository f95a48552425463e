//! Pure: server-sent events out of bytes.

use super::ClientError;

/// How long one message may be. An output line is shorter by far.
const LONGEST: usize = 8 * 1024 * 1024;

/// One message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SseMessage {
    pub(super) name: String,
    pub(super) data: String,
}

/// Splits what comes into messages.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    /// The line that has not ended yet.
    line: Vec<u8>,
    said: SseMessage,
}

impl Splitter {
    /// Takes what has come, and says which messages are complete by it.
    ///
    /// # Errors
    ///
    /// [`ClientError::Format`] if it is not UTF-8, or a message is too long.
    pub(super) fn take(&mut self, mut data: &[u8]) -> Result<Vec<SseMessage>, ClientError> {
        let mut all = Vec::new();
        while let Some(end) = data.iter().position(|byte| *byte == b'\n') {
            self.line.extend_from_slice(&data[..end]);
            data = &data[end + 1..];
            let line = std::mem::take(&mut self.line);
            let line = String::from_utf8(line).map_err(|error| ClientError::Format(error.to_string()))?;
            all.extend(self.line(line.strip_suffix('\r').unwrap_or(&line)));
        }
        self.line.extend_from_slice(data);
        if self.line.len() + self.said.data.len() > LONGEST {
            return Err(ClientError::Format(format!("a message is longer than {LONGEST} bytes")));
        }
        Ok(all)
    }

    fn line(&mut self, line: &str) -> Option<SseMessage> {
        if line.is_empty() {
            return Some(std::mem::take(&mut self.said)).filter(|said| !said.data.is_empty());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.said.name),
            "data" => {
                if !self.said.data.is_empty() {
                    self.said.data.push('\n');
                }
                self.said.data.push_str(value);
            }
            // A comment, the number, or something new.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = ": connected\n\nid: 7\nevent: event\ndata: {\"a\":\"ü\"}\n\n: still there\n\nevent: end\r\ndata: 1\ndata: 2\r\n\n";

    fn expected() -> Vec<SseMessage> {
        let said = |name: &str, data: &str| SseMessage { name: name.to_owned(), data: data.to_owned() };
        vec![said("event", "{\"a\":\"ü\"}"), said("end", "1\n2")]
    }

    #[test]
    fn messages_come_out_as_they_were_sent_however_the_bytes_are_cut() {
        for size in 1..=TEXT.len() {
            let mut splitter = Splitter::default();
            let pieces = TEXT.as_bytes().chunks(size);

            let said: Vec<SseMessage> = pieces.flat_map(|piece| splitter.take(piece).unwrap()).collect();

            assert_eq!(said, expected(), "pieces of {size}");
        }
    }

    #[test]
    fn a_message_without_end_is_an_error_and_not_a_full_memory() {
        let mut splitter = Splitter::default();
        let piece = vec![b'x'; 1024 * 1024];

        let ends = (0..64).find_map(|_| splitter.take(&piece).err());

        assert!(matches!(ends, Some(ClientError::Format(_))));
    }

    #[test]
    fn what_is_not_text_is_an_error() {
        assert!(matches!(Splitter::default().take(b"data: \xff\n"), Err(ClientError::Format(_))));
    }
}
