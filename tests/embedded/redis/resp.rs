//! The protocol of Redis, as much of it as is needed.

use std::io::{self, ErrorKind};

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Reads an array of strings. `None` is the end of the connection.
pub(super) async fn read_command(
    reader: &mut (impl AsyncBufRead + Unpin),
) -> io::Result<Option<Vec<String>>> {
    let Some(head) = read_line(reader).await? else { return Ok(None) };
    let mut words = Vec::new();
    for _ in 0..length(&head, '*')?.unwrap_or(0) {
        let head = read_line(reader).await?.ok_or(ErrorKind::UnexpectedEof)?;
        let word = read_bulk(reader, &head).await?.ok_or(ErrorKind::InvalidData)?;
        words.push(String::from_utf8(word).map_err(|_| ErrorKind::InvalidData)?);
    }
    Ok(Some(words))
}

pub(super) async fn read_line(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<String>> {
    let mut line = String::new();
    match reader.read_line(&mut line).await? {
        0 => Ok(None),
        _ if line.ends_with("\r\n") => Ok(Some(line.trim_end().to_owned())),
        _ => Err(ErrorKind::UnexpectedEof.into()),
    }
}

/// Reads the string that this line begins.
pub(super) async fn read_bulk(
    reader: &mut (impl AsyncBufRead + Unpin),
    head: &str,
) -> io::Result<Option<Vec<u8>>> {
    let Some(length) = length(head, '$')? else { return Ok(None) };
    let mut text = vec![0; length + 2];
    reader.read_exact(&mut text).await?;
    text.truncate(length);
    Ok(Some(text))
}

/// The number behind the mark. A negative one means that nothing follows.
pub(super) fn length(head: &str, mark: char) -> io::Result<Option<usize>> {
    let number = head.strip_prefix(mark).and_then(|number| number.parse::<i64>().ok());
    Ok(usize::try_from(number.ok_or(ErrorKind::InvalidData)?).ok())
}

pub(super) async fn write_bulk(
    writer: &mut (impl AsyncWrite + Unpin),
    text: Option<&[u8]>,
) -> io::Result<()> {
    let Some(text) = text else { return writer.write_all(b"$-1\r\n").await };
    let mut bytes = format!("${}\r\n", text.len()).into_bytes();
    bytes.extend_from_slice(text);
    bytes.extend_from_slice(b"\r\n");
    writer.write_all(&bytes).await
}

pub(super) async fn write_bulks(writer: &mut (impl AsyncWrite + Unpin), texts: &[&[u8]]) -> io::Result<()> {
    writer.write_all(format!("*{}\r\n", texts.len()).as_bytes()).await?;
    for text in texts {
        write_bulk(writer, Some(text)).await?;
    }
    Ok(())
}
