/** The call on the whole screen, or a picture of it above all other windows. */

export async function toggleFullScreen(): Promise<void> {
  const { documentElement: page, fullscreenElement } = document;
  await (fullscreenElement ? document.exitFullscreen() : page.requestFullscreen()).catch(
    () => undefined,
  );
}

/** @param video null: there is no picture. */
export async function togglePicture(video: HTMLVideoElement | null): Promise<void> {
  if (document.pictureInPictureElement) await document.exitPictureInPicture();
  // Refused without a picture, or before a click: there is nothing to tell.
  else await video?.requestPictureInPicture().catch(() => undefined);
}
